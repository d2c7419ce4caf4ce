/*
 * What the page does beyond being read, where scripts run: each chart that has numbers beside
 * its drawing is drawn anew by uPlot, to be zoomed, read out and compared along one time.
 *
 * It fetches nothing, stores nothing and computes no finding. Every figure comes from the page,
 * and what a script cannot do (no script, print, a broken chart) the drawing does.
 */

  // One panel.

  /**
   * Columns over one rising x, as uPlot wants them. A value that is missing because another
   * series has a point there is undefined, a hole in a line is null.
   */
  function aligned(series) {
    const most = new Map();
    for (const { points } of series) {
      const seen = new Map();
      for (const x of points.x) seen.set(x, (seen.get(x) || 0) + 1);
      for (const [x, n] of seen) most.set(x, Math.max(n, most.get(x) || 0));
    }
    const xs = [];
    const first = new Map();
    for (const x of [...most.keys()].sort((a, b) => a - b)) {
      first.set(x, xs.length);
      for (let n = 0; n < most.get(x); n++) xs.push(x);
    }
    const place = (points) => {
      const seen = new Map();
      return points.x.map((x) => {
        const n = seen.get(x) || 0;
        seen.set(x, n + 1);
        return first.get(x) + n;
      });
    };
    const column = (places, values) => {
      const made = new Array(xs.length).fill(undefined);
      places.forEach((at, n) => (made[at] = values[n]));
      return made;
    };
    const columns = [xs];
    const meaning = [null];
    for (const one of series) {
      const places = place(one.points);
      if (one.drawn === "band") {
        columns.push(column(places, one.points.low || []), column(places, one.points.high || []));
        meaning.push(one, one);
      } else {
        columns.push(column(places, one.points.y));
        meaning.push(one);
      }
    }
    return { columns, meaning };
  }

  function drawRegions(plot, panel) {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const region of panel.regions) {
      const from = Math.max(plot.valToPos(region.from, "x", true), bbox.left);
      const to = Math.min(plot.valToPos(region.to, "x", true), bbox.left + bbox.width);
      if (!(to - from > 1)) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(from, bbox.top, to - from, bbox.height);
      ctx.clip();
      const isHatched = region.role === "l-hatch";
      ctx.fillStyle = ctx.strokeStyle = colour(isHatched ? "neutral" : style(region.role).hue);
      ctx.globalAlpha = isHatched ? 0.1 : 0.2;
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
      ctx.globalAlpha = isHatched ? 0.35 : 0;
      ctx.lineWidth = ratio;
      ctx.beginPath();
      for (let x = from - bbox.height; x < to; x += 10 * ratio) {
        ctx.moveTo(x, bbox.top + bbox.height);
        ctx.lineTo(x + bbox.height, bbox.top);
      }
      ctx.stroke();
      ctx.restore();
    }
    for (const { reach, role } of panel.series) {
      if (!reach) continue;
      const [low, high] = reach.map((end) => plot.valToPos(end, "y", true));
      ctx.fillStyle = colour(style(role).hue);
      ctx.globalAlpha = 0.2;
      ctx.fillRect(bbox.left, high, bbox.width, low - high);
    }
    ctx.restore();
  }

  function drawPoints(plot, one) {
    const { ctx } = plot;
    const ratio = uPlot.pxRatio;
    const { hue, marker } = style(one.role);
    const { x, y, low, high, hollow } = one.points;
    // What is no engine's has a dash and no marker.
    const isLine = one.drawn === "line" || one.drawn === "area";
    // What stands at one height whatever is varied was measured at none of the points drawn.
    if ((isLine && !marker) || one.reach) return;
    const isHollow = new Set(hollow || []);
    const inView = (n) => x[n] >= plot.scales.x.min && x[n] <= plot.scales.x.max && y[n] !== null;
    const all = x.map((_, n) => n).filter(inView);
    // A marker now and then tells lines apart without colour.
    const every = isLine && all.length > 16 ? Math.ceil(all.length / 9) : 1;
    ctx.save();
    ctx.beginPath();
    const margin = 8 * ratio;
    const { left, top, width, height } = plot.bbox;
    ctx.rect(left - margin, top - margin, width + 2 * margin, height + 2 * margin);
    ctx.clip();
    ctx.fillStyle = ctx.strokeStyle = colour(hue);
    ctx.lineWidth = 1.5 * ratio;
    for (let n = 0; n < all.length; n += every) {
      const at = all[n];
      const px = plot.valToPos(x[at], "x", true);
      const py = plot.valToPos(y[at], "y", true);
      if (low && low[at] !== null) {
        const ends = [low[at], high[at]].map((end) => plot.valToPos(end, "y", true));
        ctx.beginPath();
        ctx.moveTo(px, ends[0]);
        ctx.lineTo(px, ends[1]);
        for (const end of ends) {
          ctx.moveTo(px - 4 * ratio, end);
          ctx.lineTo(px + 4 * ratio, end);
        }
        ctx.stroke();
      }
      if (one.drawn === "dots") {
        markerPath(ctx, "circle", px, py, 1.4 * ratio);
        ctx.fill();
        continue;
      }
      const size = (isLine ? 3.9 : all.length > 60 && !isHollow.has(at) ? 2.6 : 4.6) * ratio;
      markerPath(ctx, marker, px, py, size);
      ctx.fill();
      if (isHollow.has(at)) {
        ctx.save();
        ctx.fillStyle = colour("paper");
        markerPath(ctx, marker, px, py, size * 0.55);
        ctx.fill();
        ctx.restore();
      }
    }
    ctx.restore();
  }

  /** Where a line has holes: at what is not there, and on both sides of what fell behind unless
   * all of it did, as it is joined to nothing. */
  function holes(plot, one, known) {
    const { x, y, hollow } = one.points;
    if (!hollow || one.is_behind) return known;
    const isHollow = new Set(hollow);
    const place = (n) => plot.valToPos(x[n], "x", true);
    const apart = x.slice(1).map((_, n) => [n, n + 1]).filter((pair) => pair.some((n) => isHollow.has(n)));
    const gaps = apart.filter((pair) => pair.every((n) => y[n] !== null)).map((pair) => pair.map(place));
    return [...known, ...gaps].sort((a, b) => a[0] - b[0]);
  }

  /** The nearest point of a series, no further than a finger's width away. */
  function nearest(plot, column, closest, x) {
    const values = plot.data[column];
    const xs = plot.data[0];
    const isThere = (at) => values[at] !== undefined && values[at] !== null;
    let below = closest;
    let above = closest;
    while (below >= 0 && !isThere(below)) below--;
    while (above < xs.length && !isThere(above)) above++;
    const distance = (at) =>
      at < 0 || at >= xs.length ? Infinity : Math.abs(plot.valToPos(xs[at], "x") - plot.valToPos(x, "x"));
    const at = distance(below) <= distance(above) ? below : above;
    return distance(at) < 44 ? at : null;
  }

  /** What stands under the cursor, in words. */
  function readOut(plot, spec, panel, meaning, tip) {
    const { left, top, idxs } = plot.cursor;
    if (left === undefined || left < 0) {
      tip.hidden = true;
      return;
    }
    const rows = [];
    const places = new Set();
    meaning.forEach((one, column) => {
      if (!one || one.drawn === "band" || one.drawn === "faint" || !plot.series[column].show) return;
      const at = idxs[column];
      if (at === null || at === undefined) return;
      places.add(plot.data[0][at]);
      const mark = element("span", { class: "mark" });
      mark.style.background = colour(style(one.role).hue);
      const name = [one.of, one.what].filter(Boolean).join(" ");
      rows.push(element("div", {}, mark, name + " ", element("b", {}, SHOW[panel.y.unit](plot.data[column][at]))));
    });
    tip.hidden = rows.length === 0;
    if (tip.hidden) return;
    const x = places.size === 1 ? [...places][0] : plot.posToVal(left, "x");
    tip.replaceChildren(element("div", { class: "at" }, SHOW[spec.x.unit](x)), ...rows);
    const isLeft = left < plot.over.clientWidth / 2;
    tip.style.left = isLeft ? left + 14 + "px" : "";
    tip.style.right = isLeft ? "" : plot.over.clientWidth - left + 14 + "px";
    const room = plot.over.clientHeight - tip.offsetHeight;
    tip.style.top = Math.max(0, Math.min(room, top - tip.offsetHeight / 2)) + "px";
  }

  /** Charts that share a horizontal axis: one zoom, one cursor. */
  const groups = new Map();

  function groupOf(key) {
    if (!groups.has(key)) groups.set(key, { x: null, plots: new Set() });
    return groups.get(key);
  }

  function zoomX(group, range) {
    group.x = range;
    for (const plot of group.plots) {
      const [min, max] = range || plot.whole.x;
      plot.setScale("x", { min, max });
    }
  }

  function reset(group) {
    for (const plot of group.plots) {
      plot.zoomedY = null;
      const [min, max] = plot.whole.y;
      plot.setScale("y", { min, max });
    }
    zoomX(group, null);
  }

  const tickSize = () => (isNarrow() ? 11 : 12);
  const ticksOf = (axis, isLog, most, min, max) => (isLog ? logarithmicTicks : linearTicks)(min, max, most, axis.unit);

  function draw(figure, panel, holder, height, isLast) {
    const { spec, group, key } = figure;
    const isLogarithmic = panel.y.logarithmic && !figure.isLinear;
    const [low, high] = panel.y.logarithmic && figure.isLinear ? [0, panel.y.range[1]] : panel.y.range;
    // Labels of lines that run up have the top to themselves.
    const inside = height - (isLast ? 54 : 16);
    const taller = inside / Math.max(inside - headroom(panel), inside / 3);
    const whole = {
      x: spec.x.range,
      y: [low, isLogarithmic ? low * (high / low) ** taller : low + (high - low) * taller],
    };
    const { columns, meaning } = aligned(panel.series);
    const series = [{}];
    const bands = [];
    meaning.forEach((one, column) => {
      if (!one) return;
      const { hue, dash } = style(one.role);
      const made = {
        label: [one.of, one.what].filter(Boolean).join(" "),
        show: !figure.hiddenNames.has(one.of),
        points: { show: false },
        stroke: () => colour(hue),
        width: 2.2,
        dash,
      };
      if (/line|area|thin/.test(one.drawn)) made.gaps = (plot, _, from, to, known) => holes(plot, one, known);
      if (one.drawn === "thin") made.width = 1.1;
      if (one.drawn === "faint") Object.assign(made, { width: 1.1, alpha: 0.38 });
      if (one.drawn === "points" || one.drawn === "dots") made.paths = () => null;
      if (one.drawn === "area") made.fill = () => colour(hue) + "33";
      if (one.drawn === "band") {
        Object.assign(made, { width: 0, stroke: "transparent" });
        if (meaning[column - 1] === one) {
          bands.push({ series: [column, column - 1], fill: () => colour(hue) + "33" });
        }
      }
      series.push(made);
    });
    const tip = element("div", { class: "tip" });
    tip.hidden = true;
    const most = height > 180 ? 9 : 4;
    const across = (plot, _, min, max) => {
      const inView = ([value]) => value >= min - (max - min) * 1e-6 && value <= max + (max - min) * 1e-6;
      if (spec.x.values) return spec.x.values.filter(inView).map(([value]) => value).sort((a, b) => a - b);
      return ticksOf(spec.x, spec.x.logarithmic, isNarrow() ? 5 : 10, min, max);
    };
    const labels = (axis) => (_, at) => at.map((value) => tick(axis.unit, value));
    const size = tickSize();
    const common = {
      stroke: () => colour("muted"),
      font: font(size),
      filter: (_, at) => at,
    };
    const options = {
      width: holder.clientWidth,
      height,
      legend: { show: false },
      padding: [6, figure.room.right, 0, 0],
      series,
      bands,
      scales: {
        x: {
          time: false,
          auto: false,
          distr: spec.x.logarithmic ? 3 : 1,
          range: (plot, min, max) => group.x || whole.x,
        },
        y: {
          auto: false,
          distr: isLogarithmic ? 3 : 1,
          range: (plot) => plot.zoomedY || whole.y,
        },
      },
      axes: [
        {
          ...common,
          scale: "x",
          splits: across,
          values: isLast ? (plot, at) => apartTicks(spec.x, at, (value) => plot.valToPos(value, "x"), size) : (_, at) => at.map(() => ""),
          size: isLast ? 28 : 10,
          grid: { show: false },
          ticks: { stroke: () => colour("axis"), width: 1, size: 4 },
          border: { show: true, stroke: () => colour("axis"), width: 1 },
          label: isLast ? spec.x.name : undefined,
          labelFont: font(size),
          labelSize: isLast ? 20 : 0,
          labelGap: 0,
        },
        {
          ...common,
          scale: "y",
          splits: (plot, _, min, max) => ticksOf(panel.y, isLogarithmic, most, min, plot.zoomedY ? max : high),
          values: labels(panel.y),
          size: figure.room.left,
          gap: 6,
          grid: { stroke: () => colour("grid"), width: 1 },
          ticks: { show: false },
        },
      ],
      cursor: {
        y: false,
        drag: { x: true, y: true, uni: 24, dist: 6, setScale: false },
        points: {
          size: (_, column) => (meaning[column] && /band|faint/.test(meaning[column].drawn) ? 0 : 8),
          width: 0,
          fill: (_, column) => colour(style(meaning[column].role).hue),
        },
        dataIdx: (plot, column, closest, x) => (column === 0 ? closest : nearest(plot, column, closest, x)),
        bind: {
          dblclick: () => () => {
            reset(group);
            return null;
          },
        },
        sync: {
          key,
          scales: ["x", null],
          setSeries: false,
          // A zoom is shared by value, see `zoomX`.
          filters: { pub: (type) => type === "mousemove" || type === "mouseleave" || type === "mouseenter" },
        },
      },
      hooks: {
        init: [(plot) => plot.over.append(tip)],
        drawClear: [(plot) => drawRegions(plot, panel)],
        draw: [
          (plot) => {
            const taken = takenIn(plot, panel, figure.hiddenNames);
            const shown = panel.series.filter((one) => !figure.hiddenNames.has(one.of));
            for (const one of shown) {
              drawDots(plot, one);
              if (/line|area|points|dots/.test(one.drawn)) drawPoints(plot, one);
            }
            drawRules(plot, panel, taken);
            drawNames(plot, panel, taken, figure.hiddenNames);
          },
        ],
        setCursor: [(plot) => readOut(plot, spec, panel, meaning, tip)],
        setSelect: [
          (plot) => {
            const { left, top, width, height: tall } = plot.select;
            const isWide = width > 0 && width < plot.over.clientWidth - 1;
            const isTall = tall > 0 && tall < plot.over.clientHeight - 1;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            if (isTall) {
              plot.zoomedY = [plot.posToVal(top + tall, "y"), plot.posToVal(top, "y")];
              plot.setScale("y", { min: plot.zoomedY[0], max: plot.zoomedY[1] });
            }
            if (isWide) zoomX(group, [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
          },
        ],
      },
    };
    const plot = new uPlot(options, columns, holder);
    plot.whole = whole;
    plot.meaning = meaning;
    group.plots.add(plot);
    withKeys(plot, group, panel);
    return plot;
  }

  /** Arrow keys read out point by point; Escape shows the whole again. */
  function withKeys(plot, group, panel) {
    plot.over.tabIndex = 0;
    plot.over.setAttribute("role", "application");
    plot.over.setAttribute("aria-label", panel.y.name + ": arrow keys read out values, Escape resets the zoom");
    plot.over.querySelector(".tip").setAttribute("aria-live", "polite");
    plot.over.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") reset(group);
      if (!step) return;
      event.preventDefault();
      const xs = plot.data[0];
      const inView = (at) => xs[at] >= plot.scales.x.min && xs[at] <= plot.scales.x.max;
      let at = plot.cursor.left >= 0 ? plot.posToIdx(plot.cursor.left) : step > 0 ? -1 : xs.length;
      const before = xs[at];
      do at += step;
      while (xs[at] !== undefined && (xs[at] === before || !inView(at)));
      if (xs[at] === undefined) return;
      plot.setCursor({ left: plot.valToPos(xs[at], "x"), top: plot.over.clientHeight / 2 });
    });
    plot.over.addEventListener("blur", () => plot.setCursor({ left: -10, top: -10 }));
  }

  // One figure: a legend, panels above one another, what the drawing says in words.

  function legend(figure) {
    const row = element("div", { class: "legend", role: "group", "aria-label": "Shown" });
    const names = new Map();
    for (const panel of figure.spec.panels) {
      for (const one of panel.series) {
        if (one.points.x.length === 0) continue;
        const known = names.get(one.of) || { role: one.role, isHollow: true, told: one.legend || one.of };
        // A line says more of an engine's dash than its dots do.
        if (/line|area/.test(one.drawn)) known.role = one.role;
        if (/line|area|points/.test(one.drawn)) {
          const hollow = one.points.hollow || [];
          known.isHollow = known.isHollow && hollow.length === one.points.x.length && hollow.length > 0;
          known.isMarked = true;
        }
        names.set(one.of, known);
      }
    }
    for (const [name, { role, isHollow, isMarked, told }] of names) {
      const button = element("button", { type: "button", "aria-pressed": "true" }, swatch(role, isHollow && isMarked), told);
      button.addEventListener("click", () => {
        const isShown = figure.hiddenNames.has(name);
        if (isShown) figure.hiddenNames.delete(name);
        else figure.hiddenNames.add(name);
        button.setAttribute("aria-pressed", String(isShown));
        for (const plot of figure.plots) {
          plot.meaning.forEach((one, column) => one && one.of === name && plot.setSeries(column, { show: isShown }));
        }
      });
      row.append(button);
    }
    if (figure.spec.panels.some((panel) => panel.y.logarithmic)) {
      const button = element("button", { type: "button", class: "axis", "aria-pressed": "false" }, "linear axis");
      button.addEventListener("click", () => {
        figure.isLinear = !figure.isLinear;
        button.setAttribute("aria-pressed", String(figure.isLinear));
        redraw(figure);
      });
      row.append(button);
    }
    return row;
  }

  /** A line with its dash and its marker, by the classes of the drawings. */
  function swatch(role, isHollow) {
    const { marker } = style(role);
    const shape = {
      circle: '<circle cx="80" cy="28" r="17"/>',
      square: '<rect x="65" y="13" width="30" height="30"/>',
      triangle: '<path d="M80 8L99 41H61Z"/>',
      diamond: '<path d="M80 7L101 28L80 49L59 28Z"/>',
    }[marker];
    const filled = role.replace(/^l-/, "f-");
    const isEngine = palette[role] && palette[role].marker;
    const holder = element("span", { class: "swatch", "aria-hidden": "true" });
    holder.innerHTML =
      '<svg class="chart" viewBox="0 0 160 56" width="40" height="14"><path class="' + role + '" d="M0 28H160"/>' +
      (isEngine ? '<g class="' + filled + '">' + shape + "</g>" : "") +
      (isEngine && isHollow ? '<circle class="f-paper" cx="80" cy="28" r="9"/>' : "") + "</svg>";
    return holder;
  }

  function redraw(figure) {
    for (const plot of figure.plots) {
      figure.group.plots.delete(plot);
      plot.destroy();
    }
    const { panels } = figure.spec;
    const along = ({ y }) => ticksOf(y, y.logarithmic && !figure.isLinear, 9, y.logarithmic && figure.isLinear ? 0 : y.range[0], y.range[1]);
    figure.room = roomBeside(figure.spec, tickSize(), along);
    figure.plots = panels.map((panel, n) => {
      const height = Math.round(panel.height * figure.stretch) + (n === panels.length - 1 ? 48 : 16);
      return draw(figure, panel, figure.holders[n], height, n === panels.length - 1);
    });
  }

  function enliven(node) {
    const drawing = [...node.querySelectorAll(".wide, .narrow")].find((one) => one.offsetHeight > 0);
    const spec = JSON.parse(node.querySelector("script").textContent);
    const key = spec.x.unit === "time" ? node.dataset.cell : node.id;
    const figure = { node, spec, key, group: groupOf(key), plots: [], hiddenNames: new Set(), isLinear: false };
    const goal = drawing ? drawing.offsetHeight : 400;
    const said = node.querySelector("svg desc");
    const [definition, ...notes] = said ? said.textContent.split("\n") : [""];
    const title = node.querySelector("svg title").textContent;
    const live = element("div", { class: "live", role: "group", "aria-label": title });
    live.append(
      element("p", { class: "title" }, glued(title)),
      element("p", { class: "definition" }, glued(definition)),
      legend(figure),
    );
    figure.holders = spec.panels.map((panel) => {
      const holder = element("div", { class: "plot" });
      const regions = panel === spec.panels[0] ? panel.regions : [];
      const name = element("div", { class: "panel-name" }, element("b", {}, panel.y.name));
      for (const [how, isHatched] of [["hatched: ", true], ["shaded: ", false]]) {
        const these = regions.filter((region) => (region.role === "l-hatch") === isHatched);
        if (these.length) name.append(element("span", {}, how + these.map((region) => region.label).join("; ")));
      }
      live.append(name, holder);
      return holder;
    });
    const help = "Drag to zoom, double-click for the whole.";
    live.append(element("p", { class: "definition" }, glued([...notes, help].join(" "))));
    node.classList.add("drawn");
    node.prepend(live);
    // As high as the drawing was, so that nothing below jumps.
    const asked = spec.panels.reduce((sum, panel) => sum + panel.height, 0);
    const rest = live.offsetHeight + 32 + 16 * spec.panels.length;
    figure.stretch = Math.min(1.5, Math.max(0.7, (goal - rest) / asked));
    try {
      redraw(figure);
    } catch (error) {
      // The drawing is still there, and better than half a chart.
      live.remove();
      node.classList.remove("drawn");
      console.error("chart " + node.id + " could not be drawn anew", error);
      return null;
    }
    new ResizeObserver(() => {
      for (const [n, plot] of figure.plots.entries()) {
        const width = figure.holders[n].clientWidth;
        if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
      }
    }).observe(live);
    node.figure = figure;
    return figure;
  }

  document.documentElement.classList.add("js");
  for (const node of document.querySelectorAll("figure")) {
    const copy = node.querySelector("button.copy");
    if (copy) copy.addEventListener("click", () => copyLink(node, copy));
    const save = node.querySelector("button.csv");
    if (save) save.addEventListener("click", () => download(node, ".csv", "text/csv", csv(node)));
    const draw = node.querySelector("button.svg");
    if (draw) draw.addEventListener("click", () => download(node, ".svg", "image/svg+xml", drawing(node)));
  }
  // Drawn when it is about to be seen: a suite has more charts than a phone has memory.
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        if (!target.figure) enliven(target);
      }
    },
    { rootMargin: "600px" },
  );
  for (const node of document.querySelectorAll("figure")) if (node.querySelector("script")) seen.observe(node);
  dark.addEventListener("change", () => {
    colours = {};
    for (const { plots } of groups.values()) for (const plot of plots) plot.redraw(false);
  });
  // On paper, what is folded is open: nobody can click on it.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")].filter((one) => !one.closest("figure"));
    folded.forEach((one) => (one.open = true));
  });
  window.addEventListener("afterprint", () => folded.forEach((one) => (one.open = false)));
  window.addEventListener("hashchange", follow);
  follow();
