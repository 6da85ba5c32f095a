// Finished pictures up close: in full size, and with the selfie in their place for as long as they are held.
(() => {
  const HOLD = 250; // milliseconds from which a press is no click
  const STEP = 1.3, MOST = 4; // factor of a step, and the largest scale
  const WHEEL = 0.002; // logarithm of the scale, per pixel of the wheel
  const selfies = new Map(); // by picture; they go with the page
  let held = "", pressing = 0, waiting = 0, wasHeld = false;

  const view = (name) => document.querySelector(`.pictures a.view[data-hold="${name}"]`);

  const show = () => {
    const arrived = document.querySelector("#held [data-held]");
    if (arrived) selfies.set(arrived.dataset.held, arrived.innerHTML);
    if (!held || !selfies.has(held)) return;
    clearInterval(waiting);
    const place = document.createElement("span");
    place.className = "selfie";
    place.innerHTML = selfies.get(held);
    view(held)?.append(place);
  };

  const hold = (name) => {
    release();
    if (!view(name) || view(name).closest(".forgotten")) return;
    held = name;
    wasHeld = true;
    for (const one of document.querySelectorAll(`button.hold[data-hold="${name}"]`)) one.setAttribute("aria-pressed", "true");
    if (!selfies.has(name))
      view(name).dispatchEvent(new CustomEvent("selfie-wanted", { bubbles: true, detail: { picture: name } }));
    waiting = setInterval(show, 50);
    show();
  };

  const release = () => {
    clearTimeout(pressing);
    clearInterval(waiting);
    held = "";
    for (const one of document.querySelectorAll("a.view .selfie")) one.remove();
    for (const one of document.querySelectorAll("button.hold[aria-pressed]")) one.removeAttribute("aria-pressed");
  };

  addEventListener("pointerdown", (event) => {
    wasHeld = false;
    const on = event.isPrimary && event.button === 0 && event.target.closest?.("[data-hold]");
    if (!on) return;
    if (on.matches("button")) hold(on.dataset.hold);
    else pressing = setTimeout(hold, HOLD, on.dataset.hold);
  });
  for (const ends of ["pointerup", "pointercancel", "blur"]) addEventListener(ends, release);
  addEventListener("contextmenu", (event) => { if (held) event.preventDefault(); }); // of a long touch
  const isKey = (event) => [" ", "Enter"].includes(event.key) && event.target.closest?.("button.hold");
  addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) hold(event.target.closest("button.hold").dataset.hold);
  });
  addEventListener("keyup", (event) => { if (held && isKey(event)) release(); });
  addEventListener("focusout", (event) => { if (held && event.target.matches?.("button.hold")) release(); });

  // Full size
  const part = (selector) => document.querySelector(`#viewer ${selector}`);
  let scale = 1, fits = true;

  const fitting = () => {
    const stage = part(".viewer-stage"), image = part(".viewer-stage img");
    return Math.min(1, stage.clientWidth / image.naturalWidth, stage.clientHeight / image.naturalHeight);
  };

  // `at` is the point of the stage that stays where it is, its middle if none is given.
  const zoom = (wanted, at) => {
    const stage = part(".viewer-stage"), image = part(".viewer-stage img");
    if (!image.naturalWidth) return;
    const fit = fitting(), before = image.getBoundingClientRect(), box = stage.getBoundingClientRect();
    const [x, y] = at ?? [box.left + box.width / 2, box.top + box.height / 2];
    const [right, down] = [(x - before.left) / before.width, (y - before.top) / before.height];
    scale = Math.max(fit, Math.min(MOST, wanted));
    fits = scale <= fit;
    image.style.width = `${Math.floor(scale * image.naturalWidth)}px`;
    const after = image.getBoundingClientRect();
    stage.scrollLeft += after.left + right * after.width - x;
    stage.scrollTop += after.top + down * after.height - y;
    const said = part("output");
    said.textContent = said.dataset.sentence.replace("{percent}", Math.round(100 * scale));
  };
  const fit = () => zoom(0);

  const open = (link) => {
    const image = part(".viewer-stage img");
    image.style.width = "";
    fits = true;
    image.onload = () => { if (fits) fit(); }; // who was quicker and has zoomed keeps that
    image.src = link.href;
    image.alt = link.querySelector("img").alt;
    for (const small of document.querySelectorAll("#viewer .viewer-previews img")) small.src = link.dataset.small;
    part(".viewer-bar").closest("dialog").showModal();
    part(".viewer-stage").focus();
    if (image.complete) fit();
  };

  const ACTS = {
    fit,
    in: () => zoom(scale * STEP),
    out: () => zoom(scale / STEP),
    close: () => document.querySelector("#viewer").close(),
  };
  const KEYS = { "+": "in", "=": "in", "-": "out", 0: "fit" };

  addEventListener("click", (event) => {
    const link = event.target.closest?.("a.view");
    if (link && wasHeld) event.preventDefault();
    else if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      open(link);
    }
    ACTS[event.target.closest?.("#viewer [data-zoom]")?.dataset.zoom]?.();
    if (event.target.id === "viewer") ACTS.close(); // beside it
  });
  addEventListener("keydown", (event) => {
    wasHeld = false;
    const act = !event.ctrlKey && !event.metaKey && document.querySelector("#viewer")?.open && KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    ACTS[act]();
  });
  const onStage = (event) => event.target.closest?.(".viewer-stage");
  addEventListener("dblclick", (event) => { if (onStage(event)) zoom(fits ? 1 : 0, [event.clientX, event.clientY]); });
  addEventListener("wheel", (event) => {
    if (!onStage(event)) return;
    event.preventDefault();
    zoom(scale * Math.exp(-WHEEL * event.deltaY), [event.clientX, event.clientY]);
  }, { passive: false });
  addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || !(event.buttons & 1) || !onStage(event)) return;
    part(".viewer-stage").scrollLeft -= event.movementX;
    part(".viewer-stage").scrollTop -= event.movementY;
  });
  addEventListener("resize", () => { if (document.querySelector("#viewer")?.open && fits) fit(); });
})();
