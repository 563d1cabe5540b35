"use strict";
// Shows the description of the API with Swagger UI; credentials stay in the page and are sent nowhere else.
SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
