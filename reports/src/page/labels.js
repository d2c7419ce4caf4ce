  // What is written inside of a panel: at lines across it, and beside points. As in the drawings,
  // each label takes the first of its places where it lies over no other and nothing runs through
  // it. What must be said stands over a line if it has no better place; a name is left out then.

  const LABEL = 12;

  /** Where something is written or marked, and the lines that run through the panel. */
  function takenIn(plot, panel, hidden) {
    const lines = [];
    for (const one of panel.series) {
      if (hidden.has(one.of) || one.reach || !/line|area|thin/.test(one.drawn)) continue;
      const { x, y, hollow } = one.points;
      // What fell behind is joined to nothing, so no line runs there.
      const isDrawn = (n) => y[n] !== null && (one.is_behind || !hollow || !hollow.includes(n));
      const place = (n) => [plot.valToPos(x[n], "x", true), plot.valToPos(y[n], "y", true)];
      for (let n = 1; n < x.length; n++) {
        if (isDrawn(n - 1) && isDrawn(n)) lines.push([place(n - 1), place(n)]);
      }
    }
    return { places: [], lines };
  }

  const meets = (a, b) =>
    Math.abs(a.x - b.x) < a.wide + b.wide && Math.abs(a.y - b.y) < a.tall + b.tall;

  function isCrossed(place, [a, b]) {
    if (a[0] > b[0]) [a, b] = [b, a];
    const from = Math.max(a[0], place.x - place.wide);
    const to = Math.min(b[0], place.x + place.wide);
    if (!(from <= to)) return false;
    const height = (x) => a[1] + ((b[1] - a[1]) * (x - a[0])) / (b[0] - a[0]);
    const [start, end] = b[0] > a[0] ? [height(from), height(to)] : [a[1], b[1]];
    return Math.min(start, end) < place.y + place.tall && Math.max(start, end) > place.y - place.tall;
  }

  /** The best of these places: free and clear, else free; if it must be said, else the first. */
  function bestOf(taken, places, must) {
    const free = places.filter((place) => !taken.places.some((other) => meets(place, other)));
    const clear = free.find((place) => !taken.lines.some((line) => isCrossed(place, line)));
    return clear || free[0] || (must ? places[0] : undefined);
  }

  /** A label about its place, on a ground that keeps it clear of what it crosses. */
  function write(plot, text, place) {
    const { ctx } = plot;
    ctx.save();
    ctx.setLineDash([]);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.lineWidth = 4 * uPlot.pxRatio;
    ctx.lineJoin = "round";
    ctx.strokeStyle = colour("paper");
    ctx.strokeText(text, place.x - place.wide, place.y);
    ctx.fillStyle = colour("ink");
    ctx.fillText(text, place.x - place.wide, place.y);
    ctx.restore();
  }

  const isAbove = (rule) => rule.along === "y" && !rule.through && rule.role !== "l-fault" && rule.label !== "";

  /** Room at the top of a panel for the labels of lines that run up, in pixels. */
  function headroom(panel) {
    const labelled = panel.rules.filter(isAbove).length;
    return labelled > 0 ? 16 * labelled + 6 : 0;
  }

  /** Lines across a panel and points that were computed, with their labels. */
  function drawRules(plot, panel, taken) {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    const [right, bottom] = [bbox.left + bbox.width, bbox.top + bbox.height];
    const tall = LABEL * 0.62 * ratio;
    ctx.save();
    ctx.font = font(LABEL * ratio);
    ctx.lineWidth = 1.4 * ratio;
    const isShown = (at, along) => (along === "x" ? at >= bbox.top - 1 && at <= bottom + 1 : at >= bbox.left && at <= right);
    const rules = panel.rules
      .map((rule) => ({ ...rule, px: plot.valToPos(rule.at, rule.along === "x" ? "y" : "x", true) }))
      .filter((rule) => isShown(rule.px, rule.along));
    for (const { role, along, px, through } of rules) {
      if (through || role === "l-fault") continue;
      ctx.strokeStyle = colour(style(role).hue);
      ctx.setLineDash(style(role).dash.map((length) => length * ratio));
      ctx.beginPath();
      ctx.moveTo(along === "x" ? bbox.left : px, along === "x" ? px : bbox.top);
      ctx.lineTo(along === "x" ? right : px, along === "x" ? px : bottom);
      ctx.stroke();
    }
    ctx.setLineDash([]);
    let above = 0;
    for (const rule of rules) {
      const wide = ctx.measureText(rule.label).width / 2;
      const at = (x, y) => ({ x, y, wide, tall });
      const isInside = ({ y }) => y - tall >= bbox.top && y + tall <= bottom;
      // Right of a place, or left of it where there is no room.
      const gap = 7 * ratio + wide;
      const fitsLeft = rule.px - gap - wide >= bbox.left;
      const beside = rule.px + gap + wide <= right ? rule.px + gap : fitsLeft ? rule.px - gap : right - wide - 2 * ratio;
      let places = [];
      if (rule.along === "x") {
        const sides = [bbox.left + 6 * ratio + wide, right - 6 * ratio - wide];
        for (const y of [rule.px - 10 * ratio, rule.px + 10 * ratio]) places.push(...sides.map((x) => at(x, y)));
      } else if (rule.through) {
        const [height, interval] = rule.through;
        const py = plot.valToPos(height, "y", true);
        if (interval) {
          ctx.strokeStyle = colour(style(rule.role).hue);
          ctx.beginPath();
          interval.forEach((end, n) => ctx[n ? "lineTo" : "moveTo"](plot.valToPos(end, "x", true), py));
          ctx.stroke();
        }
        for (const [hue, size] of [["paper", 8], ["fault", 6]]) {
          ctx.fillStyle = colour(hue);
          markerPath(ctx, "diamond", rule.px, py, size * ratio);
          ctx.fill();
        }
        taken.places.push({ x: rule.px, y: py, wide: 8 * ratio, tall: 8 * ratio });
        places = [-18, 18, -36, 36].map((lower) => at(beside, py + lower * ratio));
      } else if (rule.role === "l-fault") {
        ctx.fillStyle = colour("fault");
        ctx.beginPath();
        for (const [x, y] of [[-4, 2], [4, 2], [0, 9]]) ctx.lineTo(rule.px + x * ratio, bbox.top + y * ratio);
        ctx.fill();
        // There may be a hundred of them: who has no room is silent.
        const place = at(rule.px + gap, bbox.top + 7 * ratio);
        if (place.x + wide > right || !bestOf(taken, [place])) continue;
        places = [place];
      } else if (isAbove(rule)) {
        places = [at(beside, bbox.top + (10 + 16 * above) * ratio)];
        above += 1;
      }
      const place = rule.label === "" ? undefined : bestOf(taken, places.filter(isInside), true);
      if (!place) continue;
      write(plot, rule.label, place);
      taken.places.push(place);
    }
    ctx.restore();
  }

  /** Words beside points, and the markers of those points. */
  function drawNames(plot, panel, taken, hidden) {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    const { x: across, y: up } = plot.scales;
    ctx.save();
    ctx.font = font(LABEL * ratio);
    const named = [];
    for (const one of panel.series) {
      if (hidden.has(one.of)) continue;
      const { hue, marker } = style(one.role);
      for (const [x, y, text] of one.named || []) {
        if (x < across.min || x > across.max || y < up.min || y > up.max) continue;
        const place = { x: plot.valToPos(x, "x", true), y: plot.valToPos(y, "y", true), wide: 4 * ratio, tall: 4 * ratio };
        const { x: xs, y: ys, hollow } = one.points;
        const point = xs.findIndex((at, n) => at === x && ys[n] === y);
        const isHollow = point < 0 ? one.is_behind : (hollow || []).includes(point);
        // A thin line has no markers, at its end either.
        for (const [name, size] of one.drawn === "thin" ? [] : isHollow ? [[hue, 4.6], ["paper", 2.5]] : [[hue, 4.6]]) {
          ctx.fillStyle = colour(name);
          markerPath(ctx, marker, place.x, place.y, size * ratio);
          ctx.fill();
        }
        taken.places.push(place);
        if (text) named.push([place, text]);
      }
    }
    for (const [{ x, y }, text] of named) {
      const wide = ctx.measureText(text).width / 2;
      const tall = LABEL * 0.6 * ratio;
      const [aside, line] = [wide + 9 * ratio, LABEL * 1.3 * ratio];
      const moves = [[aside, 0], [-aside, 0], [0, -line], [0, line], [aside, -line], [aside, line]];
      // One above the other, a word that moved up or down would name its neighbour.
      const apart = ([at]) => (Math.abs(at.x - x) < ratio ? Math.abs(at.y - y) / ratio : 0);
      const isNear = named.some((name) => apart(name) > 0.5 && apart(name) < 4 * LABEL);
      const places = (isNear ? moves.slice(0, 2) : moves)
        .map(([right, down]) => ({ x: x + right, y: y + down, wide, tall }))
        .filter((place) => place.x - wide > bbox.left && place.x + wide < ctx.canvas.width && place.y - tall > bbox.top && place.y + tall < bbox.top + bbox.height);
      const place = bestOf(taken, places);
      if (!place) continue;
      write(plot, text, place);
      taken.places.push(place);
    }
    ctx.restore();
  }

  /** Single measurements behind the points of a line. */
  function drawDots(plot, one) {
    const { ctx } = plot;
    ctx.save();
    ctx.fillStyle = colour(style(one.role).hue);
    for (const [x, y] of one.dots || []) {
      markerPath(ctx, "circle", plot.valToPos(x, "x", true), plot.valToPos(y, "y", true), 1.7 * uPlot.pxRatio);
      ctx.fill();
    }
    ctx.restore();
  }

  /** Room beside the panels of a chart, in pixels: left for the widest number along their axes,
   * right for what is written at the last value. The same for all, as they share one axis. */
  function roomBeside(spec, size, ticksOf) {
    const wide = (text) => measured(text, size);
    const left = spec.panels.flatMap((panel) => ticksOf(panel).map((value) => wide(tick(panel.y.unit, value))));
    const isLast = (x) => x >= spec.x.range[1] * 0.999;
    const named = spec.panels.flatMap((panel) => panel.series.flatMap((one) => one.named || []));
    const right = named.filter(([x]) => isLast(x)).map(([, , text]) => measured(text, LABEL) + 14);
    const ends = spec.x.values ? spec.x.values.filter(([x]) => isLast(x)).map(([, text]) => text) : [tick(spec.x.unit, spec.x.range[1])];
    return {
      left: Math.ceil(Math.max(44, ...left) + 14),
      right: Math.ceil(Math.max(20, ...right, ...ends.map((text) => wide(text) / 2 + 4))),
    };
  }
