// Progressive: every page reads and works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // --- keys ---------------------------------------------------------------------------------
  const keys = $("#keys");
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { const box = $("#search"); if (box) { event.preventDefault(); box.focus(); box.select(); } }
    if (event.key === "?" && keys) { event.preventDefault(); if (keys.open) keys.close(); else keys.showModal(); }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]") && keys) keys.showModal();
    if (event.target.closest("[data-close]") && keys) keys.close();
    if (event.target.closest("[data-reload]")) { event.preventDefault(); location.reload(); }
  });

  // --- filters: a choice applies itself, empty ones leave the URL ----------------------------
  const filters = $("form.filters");
  if (filters) {
    const go = () => {
      const query = new URLSearchParams();
      for (const [name, value] of new FormData(filters)) if (value !== "") query.append(name, value);
      const text = query.toString();
      location.assign(filters.getAttribute("action") + (text ? "?" + text : ""));
    };
    filters.addEventListener("submit", (event) => { event.preventDefault(); go(); });
    filters.addEventListener("change", (event) => { if (event.target.type !== "search") go(); });
  }

  // --- strips: what was it at this minute ----------------------------------------------------
  const tip = document.createElement("div");
  tip.id = "tip"; tip.setAttribute("role", "status");
  document.body.append(tip);
  const hide = () => tip.classList.remove("on");
  const show = (strip, minute) => {
    const hint = (strip.dataset.hints || "").split("\n").map((line) => line.split("|")).find((line) => minute < Number(line[0]));
    if (!hint) return hide();
    tip.textContent = hint.slice(1).join("|");
    tip.classList.add("on");
    const box = strip.getBoundingClientRect();
    const x = box.left + box.width * minute / Number(strip.dataset.length);
    tip.style.left = Math.max(4, Math.min(x - tip.offsetWidth / 2, innerWidth - tip.offsetWidth - 4)) + "px";
    tip.style.top = (box.top > 40 ? box.top - tip.offsetHeight - 4 : box.bottom + 4) + "px";
  };
  document.addEventListener("pointermove", (event) => {
    const strip = event.target.closest && event.target.closest(".strip");
    if (!strip) return hide();
    const box = strip.getBoundingClientRect();
    show(strip, Math.floor((event.clientX - box.left) / box.width * Number(strip.dataset.length)));
  });
  document.addEventListener("focusin", (event) => {
    const strip = event.target.closest(".strip");
    if (!strip) return;
    const ends = (strip.dataset.hints || "").split("\n").map((line) => Number(line.split("|")[0]));
    strip.dataset.place = String(ends.length - 1);
    if (ends.length) show(strip, ends[ends.length - 1] - 1);
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    const strip = event.target.closest && event.target.closest(".strip");
    if (!strip || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    const ends = (strip.dataset.hints || "").split("\n").map((line) => Number(line.split("|")[0]));
    const place = Math.max(0, Math.min(ends.length - 1, Number(strip.dataset.place || 0) + (event.key === "ArrowLeft" ? -1 : 1)));
    strip.dataset.place = String(place);
    show(strip, ends[place] - 1);
  });

  // --- live: patch what changed, where it stands --------------------------------------------
  const busyWith = (element) => element.matches(":hover") || element.contains(document.activeElement) || $("details[open]", element);
  let fetching = false, again = false, due = 0;
  const patch = (fresh) => {
    let moved = false;
    const order = (from) => $$("[data-row]", from).map((row) => row.id).join();
    if (order(document) !== order(fresh)) moved = true;
    for (const element of $$("[data-live]")) {
      const twin = fresh.getElementById(element.id);
      if (!twin || twin.innerHTML === element.innerHTML) continue;
      if (element.hasAttribute("data-row") && busyWith(element)) { again = true; continue; }
      if (element.contains(document.activeElement)) continue;
      // Pictures: looking at one is logged, so they are fetched anew only when they are new.
      if (element.dataset.key !== undefined && element.dataset.key === twin.dataset.key) continue;
      if (twin.dataset.key !== undefined) element.dataset.key = twin.dataset.key;
      const open = $$("details", element).map((details) => details.open);
      element.innerHTML = twin.innerHTML;
      $$("details", element).forEach((details, index) => { if (open[index]) details.open = true; });
      element.className = twin.className;
    }
    root.classList.toggle("is-moved", moved);
  };
  const refresh = async () => {
    if (fetching || document.hidden) { again = true; return; }
    fetching = true; again = false;
    try {
      const answer = await fetch(location.href, { headers: { "Accept": "text/html", "X-Refresh": "1" }, credentials: "same-origin" });
      if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
      if (answer.ok) { patch(new DOMParser().parseFromString(await answer.text(), "text/html")); root.classList.remove("is-lost"); }
    } catch { root.classList.add("is-lost"); }
    fetching = false;
  };
  const soon = () => {
    if (due) return;
    due = setTimeout(() => { due = 0; refresh(); }, 2500);
  };
  const live = root.dataset.events;
  if (live && window.EventSource) {
    const source = new EventSource(live);
    source.addEventListener("change", soon);
    source.addEventListener("open", () => { if (root.classList.contains("is-lost")) { root.classList.remove("is-lost"); soon(); } });
    source.addEventListener("error", () => root.classList.add("is-lost"));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
    document.addEventListener("pointerout", () => { if (again) soon(); });
    // Relative times and the day's edge move on although nothing happens.
    setInterval(soon, 30000);
  }

  // --- photos of a repair, evidence of an exclusion ----------------------------------------------------------------------
  // Made smaller here: a phone's picture has more than anybody needs, and where it was taken.
  const smaller = async (file) => {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, 1920 / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale); canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  };
  document.addEventListener("change", async (event) => {
    const input = event.target.closest("input[data-photos]");
    if (!input) return;
    const said = $("#photo-said");
    try {
      for (const file of input.files) {
        const body = file.type === "application/pdf" ? file : await smaller(file);
        const answer = await fetch(input.dataset.photos, { method: "POST", body, headers: { "Accept": "application/json" }, credentials: "same-origin" });
        if (!answer.ok) { const body = await answer.json().catch(() => ({})); throw new Error(body.detail || ""); }
      }
      location.reload();
    } catch (error) { said.textContent = error.message || input.dataset.failed; input.value = ""; }
  });

  // --- probe now ------------------------------------------------------------------------------
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-probe]");
    if (!form) return;
    event.preventDefault();
    const button = $("button", form), words = button.textContent, said = $("#probe-said");
    const began = Date.now();
    button.disabled = true; button.classList.add("busy");
    const tick = setInterval(() => { button.textContent = form.dataset.busy + " " + Math.round((Date.now() - began) / 1000) + " s"; }, 500);
    button.textContent = form.dataset.busy;
    if (said) said.textContent = "";
    try {
      const answer = await fetch(form.action, { method: "POST", headers: { "Accept": "application/json" }, credentials: "same-origin" });
      const body = await answer.json().catch(() => ({}));
      if (said) said.textContent = answer.ok ? form.dataset.done || "" : body.detail || body.advice || form.dataset.failed;
    } catch { if (said) said.textContent = form.dataset.failed; }
    clearInterval(tick);
    button.disabled = false; button.classList.remove("busy"); button.textContent = words;
    button.blur();
    await refresh();
  });
})();

// Drawing privacy masks on the snapshot. The text field is what is sent: without this file, and by
// keyboard, the corners are typed there.
(() => {
  "use strict";
  const area = document.querySelector("[data-masks]");
  const text = document.getElementById("masks-text");
  if (!text) return;
  const regions = () => text.value.split(/[;；\n]/).map((it) => it.trim()).filter(Boolean);
  const write = (list) => { text.value = list.join(";\n"); draw(); };
  const number = (part) => { const value = parseFloat(part); return /[%％]$/.test(part) ? value / 100 : value; };
  const corners = (region) => region.split(/\s+/).map((corner) => corner.split(/[,，]/).map(number));
  const four = (value) => String(Math.round(Math.min(1, Math.max(0, value)) * 10000) / 10000);
  const svg = area && area.querySelector("svg");
  let open = [], drag = null;
  const shape = (points, kind) => {
    const polygon = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
    if (points.length === 2) { const [[a, b], [c, d]] = points; points = [[a, b], [c, b], [c, d], [a, d]]; }
    polygon.setAttribute("points", points.map((point) => point.join(",")).join(" "));
    polygon.setAttribute("class", kind);
    return polygon;
  };
  const draw = () => {
    if (!svg) return;
    const good = regions().map(corners).filter((points) => points.length > 1 && points.flat().every(Number.isFinite));
    svg.replaceChildren(...good.map((points) => shape(points, "mask")));
    const going = drag ? [drag.from, drag.to] : open;
    if (going.length > 1) svg.append(shape(going, "going"));
    if (!drag && open.length === 1) { const [x, y] = open[0]; svg.append(shape([[x - .006, y - .006], [x + .006, y + .006]], "going")); }
  };
  const finish = (points) => {
    const list = regions();
    list.push(points.map(([x, y]) => four(x) + "," + four(y)).join(" "));
    open = [];
    write(list);
  };
  if (area) {
    const at = (event) => {
      const box = svg.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) > .02;
    area.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      area.setPointerCapture(event.pointerId);
      drag = { from: at(event), to: at(event) };
    });
    area.addEventListener("pointermove", (event) => { if (drag) { drag.to = at(event); draw(); } });
    area.addEventListener("pointercancel", () => { drag = null; draw(); });
    area.addEventListener("pointerup", (event) => {
      if (!drag) return;
      const { from } = drag, to = at(event);
      drag = null;
      if (far(from, to)) { if (!open.length) finish([from, to]); else draw(); return; }
      // A tap sets a corner; a tap on the first one closes the region.
      if (open.length > 2 && !far(open[0], to)) finish(open); else { open.push(to); draw(); }
    });
  }
  text.addEventListener("input", draw);
  document.querySelector("[data-masks-undo]").addEventListener("click", () => {
    if (open.length) { open.pop(); draw(); } else write(regions().slice(0, -1));
  });
  draw();
})();
