// A person followed the link: press the button for them.  What only previews addresses runs no script.
"use strict";

document.querySelector("#acknowledge").requestSubmit();
