"use strict";
// Filters of heat tables: pressed values of one dimension are alternatives, dimensions hold together.
for (const section of document.querySelectorAll("[data-cube]")) {
  const cube = JSON.parse(section.querySelector("script[type='application/json']").textContent), { cells, one } = cube;
  const dims = Object.fromEntries(cube.dims), names = cube.dims.map(([name]) => name), place = Object.fromEntries(names.map((name, at) => [name, at]));
  const chosen = Object.fromEntries(names.map((name) => [name, new Set(name === one ? [0] : [])]));
  const buttons = [...section.querySelectorAll("button[data-dim]")], status = section.querySelector("[role=status]");
  const clear = section.querySelector("[data-clear]");
  const heat = (count, most) => (count > 0 && most > 0 ? Math.max(1, Math.min(7, Math.ceil(7 * Math.sqrt(count / most)))) : 0);
  const said = (count) => count.toLocaleString("en-US");
  const passes = (cell, but) => names.every((name, at) => name === but || !chosen[name].size || cell[at].some((value) => chosen[name].has(value)));
  const draw = () => {
    const left = cells.filter((cell) => passes(cell));
    for (const table of section.querySelectorAll("table[data-down]")) {
      const down = place[table.dataset.down], across = place[table.dataset.across];
      const counts = dims[table.dataset.down].map(() => dims[table.dataset.across].map(() => 0));
      for (const cell of left) for (const row of cell[down]) for (const column of cell[across]) counts[row][column] += cell.at(-1);
      const most = Math.max(0, ...counts.flat());
      const empty = dims[table.dataset.across].map((_, x) => !chosen[table.dataset.across].has(x) && !counts.some((row) => row[x]));
      [...table.tHead.rows[0].cells].slice(1).forEach((cell, x) => { cell.hidden = empty[x]; });
      [...table.tBodies[0].rows].forEach((row, y) => {
        row.hidden = !chosen[table.dataset.down].has(y) && !counts[y].some(Boolean);
        [...row.cells].slice(1).forEach((cell, x) => {
          cell.hidden = empty[x];
          cell.className = `n h${heat(counts[y][x], most)}`;
          cell.textContent = counts[y][x] ? said(counts[y][x]) : "·";
        });
      });
    }
    for (const list of section.querySelectorAll("ul[data-facet]")) {
      const name = list.dataset.facet, at = place[name], counts = dims[name].map(() => 0);
      for (const cell of cells) if (passes(cell, name)) for (const value of cell[at]) counts[value] += cell.at(-1);
      const most = Math.max(1, ...counts);
      list.querySelectorAll("button").forEach((button, value) => {
        button.parentNode.hidden = !counts[value] && !chosen[name].has(value);
        button.querySelector("b").textContent = said(counts[value]);
        button.style.setProperty("--w", `${(100 * counts[value]) / most}%`);
      });
    }
    for (const button of buttons) button.setAttribute("aria-pressed", chosen[button.dataset.dim].has(+button.dataset.value));
    const sum = (rows) => rows.reduce((total, cell) => total + cell.at(-1), 0);
    const all = cells.filter((cell) => !one || cell[place[one]].some((value) => chosen[one].has(value)));
    status.textContent = `${said(sum(left))} of ${said(sum(all))} ${section.dataset.unit}`;
    clear.disabled = !names.some((name) => name !== one && chosen[name].size);
  };
  section.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button === clear) names.forEach((name) => name !== one && chosen[name].clear());
    else if (button?.dataset.dim === one) chosen[one] = new Set([+button.dataset.value]);
    else if (button?.dataset.dim) {
      const mine = chosen[button.dataset.dim], value = +button.dataset.value;
      if (!mine.delete(value)) mine.add(value);
    } else return;
    draw();
  });
  section.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || clear.disabled) return;
    clear.click();
  });
  for (const each of section.querySelectorAll("[data-needs-script]")) each.hidden = false;
  draw();
}
