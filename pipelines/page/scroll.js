() => {
  // Where the columns are below each other: to the pictures, once a run has begun.
  const until = Date.now() + 5000;
  const look = setInterval(() => {
    const begun = document.querySelector(".pictures .place");
    if (begun && window.innerWidth < 1000)
      document.querySelector("#headshots").scrollIntoView({behavior: "smooth", block: "start"});
    if (begun || Date.now() > until) clearInterval(look);
  }, 100);
}
