// A board on a wall: the only thing kept is when the last answer came. No listener and no node is added
// after the start.
(() => {
  "use strict";
  const root = document.documentElement;
  const holder = document.getElementById("board");
  const clock = document.getElementById("clock");
  const EVERY = 15000, WAIT = 20000;
  let came = performance.now();
  const board = () => holder.firstElementChild;
  const stale = () => {
    const data = board().dataset;
    return Number(data.age) + (performance.now() - came) / 1000 > Number(data.limit);
  };
  const tick = () => {
    clock.textContent = new Date().toLocaleTimeString("zh-CN", { hour12: false });
    root.classList.toggle("is-stale", stale());
  };
  const refresh = async () => {
    const cancel = new AbortController();
    const timer = setTimeout(() => cancel.abort(), WAIT);
    try {
      const answer = await fetch("/wall/board", { headers: { "X-Refresh": "1" }, credentials: "same-origin", redirect: "manual", signal: cancel.signal });
      if (answer.ok) {
        const text = await answer.text();
        const fresh = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
        if (fresh && fresh.dataset.limit) {
          // Another version of the platform draws with another sheet.
          if (fresh.dataset.css !== board().dataset.css) { location.reload(); return; }
          holder.replaceChildren(document.importNode(fresh, true));
          came = performance.now();
        }
        root.classList.remove("is-shut");
      } else if (answer.status === 401 || answer.type === "opaqueredirect") root.classList.add("is-shut");
    } catch { /* the clock tells */ }
    clearTimeout(timer);
    tick();
    setTimeout(refresh, EVERY);
  };
  setInterval(tick, 1000);
  setTimeout(refresh, EVERY);
  tick();
})();
