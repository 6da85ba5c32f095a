"""Hair of a drawn head where the drawing ends or hides it: completed, evened, and at the nape."""
