"""The agents, one module each.  `attach(app, settings)` hangs an agent on the Faust app of its stage."""
