// Bookings: what is free while one types, dragging in the grid, undoing a move, copying a notice.
// Progressive: the pages read and book without this file.
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // --- the form: what is free at the time that is typed ---------------------------------------
  const form = $("form[data-booking]");
  if (form) {
    let due = 0, asked = 0;
    const value = (name) => (form.elements[name] ? form.elements[name].value : "");
    const next = (day) => new Date(Date.parse(day + "T00:00Z") + 86400000).toISOString().slice(0, 10);
    const look = async () => {
      const [day, from, to] = [value("day"), value("from"), value("to")];
      const turn = ++asked;
      const rows = $$(".venue[data-venue]", form);
      if (!day || !from || !to) { rows.forEach((row) => { $(".availability", row).textContent = ""; }); return; }
      const query = new URLSearchParams({ from: day + "T" + from, to: (value("last") || (to <= from ? next(day) : day)) + "T" + to });
      for (const name of ["setup", "teardown", "rehearsal_from", "rehearsal_to"]) if (value(name)) query.set(name, value(name));
      if (value("zone")) query.set("zone", value("zone"));
      if (form.dataset.except) query.set("except", form.dataset.except);
      try {
        const answer = await fetch("/api/v1/bookings/conflicts?" + query, { headers: { Accept: "application/json" } });
        if (!answer.ok || turn !== asked) return;
        const { venues, resources } = await answer.json();
        const show = (all, id, words, row) => {
          const it = all.find((it) => String(it.id) === id);
          words.textContent = !it ? "" : it.free ? form.dataset.free : form.dataset.busy + " · " + it.held[0].words;
          row.classList.toggle("is-held", !!it && !it.free);
        };
        for (const row of rows) show(venues, row.dataset.venue, $(".availability", row), row);
        for (const words of $$("[data-resource]", form)) show(resources, words.dataset.resource, words, words.parentElement);
      } catch { /* The server looks again when the form is sent. */ }
    };
    form.addEventListener("input", (event) => {
      if (!["day", "from", "to", "last", "setup", "teardown", "rehearsal_from", "rehearsal_to"].includes(event.target.name)) return;
      clearTimeout(due); due = setTimeout(look, 250);
    });
    form.addEventListener("click", (event) => {
      const use = event.target.closest("button.use");
      if (!use) return;
      for (const name of ["day", "from", "to", "last"]) form.elements[name].value = use.dataset[name];
      $("#clash").hidden = true;
      look();
      $("button.main", form).focus();
    });
    look();
  }

  // --- notices ---------------------------------------------------------------------------------
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy + location.origin + button.dataset.path);
      button.textContent = button.dataset.copied;
    } catch { location.assign(button.dataset.path); }
  });

  // --- the grid ----------------------------------------------------------------------------------
  const box = $(".grid-box");
  if (!box || !$("table[data-grid]", box)) return;
  const isDay = () => $("table[data-grid]", box).dataset.grid === "day";
  const STEP = 30 * 60000, DAY = 86400000;
  // Times are those on the wall, counted as though in UTC, so that no change of clocks comes between.
  const parse = (text) => Date.parse(text + ":00Z");
  const write = (time) => new Date(time).toISOString().slice(0, 16);
  const venueOf = (cell) => cell.closest("tr").dataset.venue;
  const under = (cell, x) => {
    if (!isDay()) return parse(cell.dataset.at.slice(0, 10) + "T00:00");
    const { left, width } = cell.getBoundingClientRect();
    const part = Math.max(0, Math.min(cell.colSpan - 1, Math.floor((x - left) / (width / cell.colSpan))));
    return parse(cell.dataset.at) + part * STEP;
  };
  const cellAt = (event) => {
    const found = document.elementFromPoint(event.clientX, event.clientY);
    return found && found.closest(".grid-box td[data-at]");
  };

  const bar = $("#undo");
  let ticking = 0, undo = null;
  const say = (text) => { bar.textContent = text; bar.hidden = false; };
  const offer = (text, back) => {
    let left = 10;
    const button = document.createElement("button");
    clearInterval(ticking);
    const label = () => { button.textContent = bar.dataset.undo + " (" + left + ")"; };
    say(text + " ");
    label();
    bar.append(button);
    undo = () => { clearInterval(ticking); undo = null; bar.hidden = true; back(); };
    button.addEventListener("click", () => undo && undo());
    ticking = setInterval(() => {
      left -= 1;
      if (left > 0) { label(); return; }
      clearInterval(ticking); undo = null; bar.hidden = true;
    }, 1000);
  };

  const redraw = async (focus) => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html", "X-Refresh": "1" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["first", "grid", "agenda"]) {
      const twin = fresh.getElementById(id);
      if (twin) document.getElementById(id).innerHTML = twin.innerHTML;
    }
    const chip = focus && $(`.chip[data-id="${focus}"]`, box);
    if (chip) chip.focus();
  };

  let moving = false;
  const send = async (move, said, back) => {
    if (moving) return;
    moving = true;
    const body = { revision: Number(move.revision), from: move.from, to: move.to, reason: said };
    if (move.venues) body.replace_venue = move.venues.map(Number);
    if (move.rehearsal) { const [begin, end] = move.rehearsal.split(" "); body.rehearsal = { from: begin, to: end }; }
    try {
      const answer = await fetch(`/api/v1/meetings/${move.id}/reschedule`, {
        method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body),
      });
      const told = await answer.json().catch(() => ({}));
      await redraw(move.id);
      if (!answer.ok) say(bar.dataset.failed + (told.detail || answer.status));
      else if (back) offer(`${bar.dataset.moved}: ${told.title} ${move.from.slice(5).replace("T", " ")}`, () => send({ ...back, revision: told.revision }, bar.dataset.undo, null));
      else say(bar.dataset.undone);
    } catch { say(bar.dataset.failed); }
    moving = false;
  };
  const shift = (chip, by, venue) => {
    const { id, revision, from, to, rehearsal } = chip.dataset;
    const here = venueOf(chip);
    const venues = venue && venue !== here ? [here, venue] : null;
    if (!by && !venues) return;
    send({ id, revision, from: write(parse(from) + by), to: write(parse(to) + by), venues }, bar.dataset.moved,
      { id, from, to, rehearsal, venues: venues && [venues[1], venues[0]] });
  };
  const book = (venue, from, to) => {
    const query = new URLSearchParams({ ["venue_" + venue]: "main", day: from.slice(0, 10) });
    if (to) { query.set("from", from.slice(11)); query.set("to", to.slice(11)); }
    location.assign("/bookings/new?" + query);
  };

  // Dragging: a meeting to another cell, or over empty ones to book. A finger lifts a meeting by resting on
  // it, since a finger that moves at once scrolls.
  let drag = null, resting = 0;
  const REST = 350;
  const letGo = () => { clearTimeout(resting); drag = null; unmark(); };
  const unmark = () => $$(".drop, .picked", box).forEach((cell) => cell.classList.remove("drop", "picked"));
  box.addEventListener("pointerdown", (event) => {
    const isTouch = event.pointerType === "touch";
    if (event.button) return;
    const cell = event.target.closest("td[data-at]");
    if (!cell) return;
    const chip = event.target.closest(".chip");
    if (chip ? !chip.dataset.id : isTouch) return;
    if (!chip && cell.querySelector(".chip") && isDay()) return;
    drag = { chip, cell, at: under(cell, event.clientX), x: event.clientX, y: event.clientY, live: false };
    if (!chip) event.preventDefault();
    if (isTouch) {
      drag.rests = true;
      resting = setTimeout(() => { drag.rests = false; drag.live = true; cell.classList.add("drop"); }, REST);
    }
  });
  // Once lifted, the finger neither scrolls nor opens the menu of a link.
  const hold = (event) => { if (drag && drag.live) event.preventDefault(); };
  box.addEventListener("touchmove", hold, { passive: false });
  box.addEventListener("contextmenu", hold);
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    if (!drag.live && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 6) return;
    if (drag.rests) { letGo(); return; }
    drag.live = true;
    const over = cellAt(event);
    unmark();
    if (!over) return;
    if (drag.chip) { over.classList.add("drop"); return; }
    const [low, high] = [drag.at, under(over, event.clientX)].sort((a, b) => a - b);
    for (const cell of $$("td[data-at]", drag.cell.closest("tr"))) {
      const at = isDay() ? parse(cell.dataset.at) : parse(cell.dataset.at.slice(0, 10) + "T00:00");
      if (at >= low && at <= high) cell.classList.add("picked");
    }
  });
  document.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { chip, cell, at, live } = drag;
    letGo();
    const over = cellAt(event);
    if (chip) {
      if (!live) return;
      // The link under the pointer is not followed after a drag.
      const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };
      addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
      if (over) shift(chip, under(over, event.clientX) - at, venueOf(over));
      return;
    }
    const other = over && venueOf(over) === venueOf(cell) ? under(over, event.clientX) : at;
    const [low, high] = [at, other].sort((a, b) => a - b);
    if (isDay()) book(venueOf(cell), write(low), write(high + STEP));
    else book(venueOf(cell), write(low), null);
  });
  document.addEventListener("pointercancel", letGo);
  box.addEventListener("dragstart", (event) => event.preventDefault());

  // Keys: one empty cell is in the order of the tab key, arrows move from there.
  box.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const chip = event.target.closest(".chip");
    const cell = event.target.closest("td[data-at]");
    if (!cell) return;
    const row = cell.closest("tr");
    if (chip) {
      if (!way || !event.altKey || !chip.dataset.id) return;
      event.preventDefault();
      const beside = way[1] < 0 ? row.previousElementSibling : way[1] > 0 ? row.nextElementSibling : row;
      if (beside) shift(chip, way[0] * (isDay() ? STEP : DAY), beside.dataset.venue);
      return;
    }
    if (event.key === "Enter") { event.preventDefault(); book(venueOf(cell), cell.dataset.at, isDay() ? write(parse(cell.dataset.at) + 2 * STEP) : null); return; }
    if (!way || event.altKey) return;
    event.preventDefault();
    let next = null;
    if (way[0]) next = way[0] < 0 ? cell.previousElementSibling : cell.nextElementSibling;
    else {
      const beside = way[1] < 0 ? row.previousElementSibling : row.nextElementSibling;
      next = beside && $$("td[data-at]", beside).filter((it) => it.dataset.at <= cell.dataset.at).pop();
    }
    const target = next && (next.hasAttribute("tabindex") ? next : $(".chip", next));
    if (target) target.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (undo && event.key === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); undo(); }
  });
})();
