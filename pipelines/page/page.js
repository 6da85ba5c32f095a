// What the page does without the server. Gradio's own parts do the rest.
(() => {
  const LARGEST = __LARGEST__; // bytes of a photo
  const photos = () => document.querySelector("#photos input[type=file]");

  // One file that is too large must not keep the others out: Gradio would refuse them all.
  const fitting = (files) => {
    const large = [...files].filter((file) => file.size > LARGEST);
    const said = document.querySelector("#too-large");
    said.hidden = !large.length;
    said.textContent = large.map((file) => said.dataset.sentence.replace("{file}", file.name)).join(" ");
    const fit = new DataTransfer();
    for (const file of files) if (file.size <= LARGEST) fit.items.add(file);
    return fit.files;
  };

  // A proxy before the studio may refuse a photo for its size, with a page of its own that says nothing to anybody.
  new PerformanceObserver((list) => {
    const refused = (entry) => entry.responseStatus === 413 && new URL(entry.name).pathname.endsWith("/upload");
    const said = document.querySelector("#too-large");
    if (!said || !list.getEntries().some(refused)) return;
    said.hidden = false;
    said.textContent = said.dataset.refused;
  }).observe({ type: "resource" });

  addEventListener("change", (event) => {
    if (event.target !== photos()) return;
    event.target.files = fitting(event.target.files);
    if (!event.target.files.length) event.stopImmediatePropagation();
  }, true);

  // A photo may be dropped anywhere; without this the browser would leave the page for one that misses the box.
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const elsewhere = (event) => carriesFiles(event) && !event.target.closest?.("#recipe");
  addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); }, true);
  addEventListener("drop", (event) => {
    if (!elsewhere(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const input = photos();
    if (!input) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, true);

  // Leaving asks first while there are pictures that were not downloaded: their files go with the page.
  const downloaded = new Set();
  addEventListener("click", (event) => {
    const figure = event.target.closest?.("a[download]")?.closest("figure");
    if (figure) downloaded.add(figure.id);
  }, true);
  addEventListener("all-downloaded", () => {
    for (const one of document.querySelectorAll("#pictures figure[id], #earlier img[id]"))
      downloaded.add(one.id.replace("small-", "picture-"));
  }, true);
  addEventListener("beforeunload", (event) => {
    const here = [...document.querySelectorAll("#pictures:not(.forgotten) figure[id], #earlier:not(.forgotten) img[id]")];
    if (here.some((one) => !downloaded.has(one.id.replace("small-", "picture-")))) event.preventDefault();
  });

  // The server names the language that it speaks; Gradio would name the browser's, and voices follow that.
  const root = document.documentElement, spoken = root.lang;
  new MutationObserver(() => { if (root.lang !== spoken) root.lang = spoken; }).observe(root, { attributeFilter: ["lang"] });
})();
