() => {
  // Once the button knows the file; all pictures are downloaded with it.
  setTimeout(() => {
    document.querySelector("#archive")?.closest("a, button, div")?.querySelector("a, button")?.click() ?? document.querySelector("#archive")?.click();
    document.dispatchEvent(new Event("all-downloaded"));
  }, 300);
}
