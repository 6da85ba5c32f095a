// Frames of the open camera, for the server.
element.addEventListener("frame-taken", (event) => trigger("frame", event.detail));
