// Photos from the camera: they go into the box for photos as a chosen file does. While it is open, and the box is
// ticked, small frames are looked at by the server, which says where the face is. Else nothing is sent.
(() => {
  const PAUSE = 350, PATIENCE = 2500; // milliseconds between two frames, and until one is given up
  const SIDE = 640; // pixels of a frame's longer side
  const part = (name) => document.querySelector(`#camera-${name}`);
  let stream = null, timer = 0, number = 0, sent = 0, answered = 0;

  const hand = (files) => {
    const input = document.querySelector("#photos input[type=file]");
    if (!input || !files.length) return;
    input.files = files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const close = () => {
    clearInterval(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    found(null);
    const dialog = part("dialog");
    if (dialog?.open) dialog.close();
  };

  const say = (name) => {
    const said = part("said");
    said.textContent = name ? said.dataset[name] : "";
    said.hidden = !name;
    part("video").hidden = part("marks").hidden = part("shoot").hidden = part("sends").hidden = Boolean(name);
  };

  // Phones that give no picture to the page have a camera of their own.
  const own = () => part("file").click();
  const touched = () => matchMedia("(pointer: coarse)").matches;

  const open = async () => {
    if (!navigator.mediaDevices && touched()) return own();
    const dialog = part("dialog");
    dialog.onclose = close;
    say("");
    part("own").hidden = !touched();
    part("shoot").disabled = true;
    dialog.showModal();
    if (!navigator.mediaDevices) return say("insecure");
    try {
      const video = { facingMode: "user", width: { ideal: 1920 }, height: { ideal: 1440 } };
      const given = await navigator.mediaDevices.getUserMedia({ video, audio: false });
      if (!dialog.open) return given.getTracks().forEach((track) => track.stop());
      stream = given;
      part("video").srcObject = given;
      await part("video").play();
      if (!dialog.open) return close();
      part("shoot").disabled = false;
      part("shoot").focus();
      timer = setInterval(look, 50);
    } catch (error) {
      say(error.name === "NotAllowedError" ? "refused" : "missing");
    }
  };

  const drawn = (scale) => {
    const video = part("video"), canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight].map((side) => Math.round(scale * side));
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas;
  };

  // A frame, if the person agrees, and the last one was answered or given up.
  const look = () => {
    const agreed = document.querySelector("#consent input")?.checked;
    const sends = part("sends");
    sends.textContent = sends.dataset[agreed ? "agreed" : "open"];
    const answer = document.querySelector("#camera-seen [data-number]");
    if (answer && Number(answer.dataset.number) === number && answered !== number) {
      answered = number;
      found(answer);
    }
    const now = Date.now(), video = part("video");
    if (!part("dialog")?.open) return;
    if (!agreed || !video.videoWidth || now - sent < (answered === number ? PAUSE : PATIENCE)) return;
    const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
    sent = now;
    number += 1;
    const image = drawn(scale).toDataURL("image/jpeg", 0.8);
    video.dispatchEvent(new CustomEvent("frame-taken", { bubbles: true, detail: { image, number: String(number) } }));
  };

  // Dots where the server found eyes, nose and the corners of the mouth, and what it says.
  const found = (answer) => {
    const canvas = part("marks"), video = part("video"), said = part("found");
    if (said.textContent !== (answer?.textContent ?? "")) said.textContent = answer?.textContent ?? "";
    said.className = answer?.dataset.good === "yes" ? "good" : answer ? "bad" : "";
    [canvas.width, canvas.height] = [canvas.clientWidth, canvas.clientHeight].map((side) => side * devicePixelRatio);
    const marks = (answer?.dataset.marks.trim() ?? "").split(" ").filter(Boolean).map((mark) => mark.split(",").map(Number));
    const scale = Math.min(canvas.width / video.videoWidth, canvas.height / video.videoHeight);
    const shown = [video.videoWidth * scale, video.videoHeight * scale]; // inside the box, as object-fit has it
    const pen = canvas.getContext("2d");
    const size = Math.max(4 * devicePixelRatio, 0.011 * canvas.height);
    pen.lineWidth = size / 2;
    for (const mark of marks) {
      const [x, y] = [0, 1].map((k) => ([canvas.width, canvas.height][k] - shown[k]) / 2 + mark[k] * shown[k]);
      pen.beginPath();
      pen.arc(x, y, size, 0, 2 * Math.PI);
      pen.fillStyle = said.className === "good" ? "#22c55e" : "#fbbf24";
      pen.fill();
      pen.strokeStyle = "#111";
      pen.stroke();
    }
    canvas.dataset.marks = marks.length;
  };

  const shoot = () => {
    const canvas = drawn(1);
    close();
    canvas.toBlob((blob) => {
      const files = new DataTransfer();
      files.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
      hand(files.files);
    }, "image/jpeg", 0.95);
  };

  const ACTS = { "camera-open": open, "camera-shoot": shoot, "camera-own": own, "camera-close": close };
  addEventListener("click", (event) => ACTS[event.target.closest?.("button")?.id]?.());
  addEventListener("change", (event) => {
    if (event.target !== part("file")) return;
    hand(event.target.files);
    event.target.value = "";
    close();
  });
})();
