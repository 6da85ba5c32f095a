// Photos from the camera: they go into the box for photos as a chosen file does. Nothing is sent before "Take the photo".
(() => {
  const part = (name) => document.querySelector(`#camera-${name}`);
  let stream = null;

  const hand = (files) => {
    const input = document.querySelector("#photos input[type=file]");
    if (!input || !files.length) return;
    input.files = files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const close = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    const dialog = part("dialog");
    if (dialog?.open) dialog.close();
  };

  const say = (name) => {
    const said = part("said");
    said.textContent = name ? said.dataset[name] : "";
    said.hidden = !name;
    part("video").hidden = part("shoot").hidden = Boolean(name);
  };

  const open = async () => {
    if (matchMedia("(pointer: coarse)").matches) return part("file").click(); // phones: their own camera is better
    const dialog = part("dialog");
    dialog.onclose = close;
    say("");
    part("shoot").disabled = true;
    dialog.showModal();
    if (!navigator.mediaDevices) return say("insecure");
    try {
      const video = { facingMode: "user", width: { ideal: 1920 }, height: { ideal: 1440 } };
      const found = await navigator.mediaDevices.getUserMedia({ video, audio: false });
      if (!dialog.open) return found.getTracks().forEach((track) => track.stop());
      stream = found;
      part("video").srcObject = found;
      await part("video").play();
      part("shoot").disabled = false;
      part("shoot").focus();
    } catch (error) {
      say(error.name === "NotAllowedError" ? "refused" : "missing");
    }
  };

  const shoot = () => {
    const video = part("video"), canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    close();
    canvas.toBlob((blob) => {
      const files = new DataTransfer();
      files.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
      hand(files.files);
    }, "image/jpeg", 0.95);
  };

  const ACTS = { "camera-open": open, "camera-shoot": shoot, "camera-close": close };
  addEventListener("click", (event) => ACTS[event.target.closest?.("button")?.id]?.());
  addEventListener("change", (event) => {
    if (event.target !== part("file")) return;
    hand(event.target.files);
    event.target.value = "";
  });
})();
