() => document.querySelector("#change")?.scrollIntoView({behavior: "smooth", block: "nearest"})
