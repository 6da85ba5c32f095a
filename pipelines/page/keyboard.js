// For keyboards and screen readers: what Gradio leaves out.
(() => {
  const HEADED = "#look, #engine"; // groups of radios that are called as their section is
  let area = ""; // where the focus was last: what is hidden or removed takes the focus with it
  let said = "";

  // Radios of a group share a name, so that arrow keys move among them and Tab leaves them.
  const group = (fieldset, k) => {
    const radios = fieldset.querySelectorAll("input[type=radio]");
    if (!radios.length) return;
    const name = fieldset.id || fieldset.closest("[id]")?.id + "-" + k;
    for (const radio of radios) if (radio.name !== name) radio.name = name;
    const holder = radios[0].closest(".wrap") ?? fieldset;
    if (holder.getAttribute("role") !== "radiogroup") holder.setAttribute("role", "radiogroup");
    const heading = fieldset.matches(HEADED) ? fieldset.closest(".card")?.querySelector("h2 b") : null;
    const label = (heading ?? fieldset.querySelector("[data-testid=block-info]"))?.textContent?.trim();
    if (label && holder.getAttribute("aria-label") !== label) holder.setAttribute("aria-label", label);
  };

  // A box for files is called by its own words; Gradio's name for it is English in every language.
  const unname = (box) => box.removeAttribute("aria-label");

  // The end of a run, and what is asked for, are said once; progress is not, several times a second.
  const announce = () => {
    const now = document.querySelector("#status .said, #status .alert")?.textContent ?? "";
    if (now === said) return;
    said = now;
    let voice = document.querySelector("#voice");
    if (!voice) {
      voice = document.createElement("div");
      voice.id = "voice";
      voice.setAttribute("role", "status");
      document.body.append(voice);
    }
    voice.textContent = now;
  };

  const visible = (selector) => [...document.querySelectorAll(selector)].find((one) => one.offsetParent !== null);
  const focusAgain = () => {
    if (document.activeElement !== document.body || !area) return;
    const next = area === "bar" ? visible("#bar button") : visible(".photo-row .remove") ?? visible("#photos button");
    next?.focus({ preventScroll: true });
  };

  let waiting = false;
  const tidy = () => {
    waiting = false;
    document.querySelectorAll("fieldset").forEach(group);
    document.querySelectorAll("button[aria-dropeffect][aria-label]").forEach(unname);
    announce();
    focusAgain();
  };
  new MutationObserver(() => {
    if (!waiting) requestAnimationFrame(tidy);
    waiting = true;
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "disabled"] });

  addEventListener("focusin", (event) => {
    area = event.target.closest("#bar") ? "bar" : event.target.closest(".photo-row") ? "photo" : "";
  });
  addEventListener("pointerdown", () => { area = ""; });

  addEventListener("click", (event) => {
    const skip = event.target.closest?.("a.skip");
    if (skip) {
      event.preventDefault();
      document.querySelector("#generate")?.focus();
    }
    const face = event.target.closest?.("button.face");
    if (face) face.closest(".photo-row")?.querySelectorAll(".choices input[type=radio]")[face.dataset.face - 1]?.click();
  });
})();
