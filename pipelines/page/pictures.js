// Buttons inside the page's own HTML: each names its event and says which picture or run it is about.
const EVENTS = ["compare", "more", "open", "hold"];
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button && EVENTS.includes(button.dataset.act)) trigger(button.dataset.act, { ...button.dataset });
});
element.addEventListener("selfie-wanted", (event) => trigger("hold", event.detail));
