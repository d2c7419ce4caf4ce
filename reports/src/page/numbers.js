  // How a number is shown (three significant digits and a unit that fits, as everywhere) and where
  // an axis has its ticks.

  const NONE = "–";
  // Where a unit begins to be used, its name, and its size where that is another number.
  const SPANS = [
    [1, " ns"], [1e3, " µs"], [1e6, " ms"], [1e9, " s"],
    [600e9, " min", 60e9], [36e12, " h", 3600e9], [864e12, " d", 86400e9],
  ];
  const RATES = [[1, "/s"], [1e3, " k/s"], [1e6, " M/s"], [1e9, " G/s"]];
  const SIZES = [[1, " B"], [2 ** 10, " KiB"], [2 ** 20, " MiB"], [2 ** 30, " GiB"], [2 ** 40, " TiB"]];
  const AMOUNTS = [[1, ""], [1e3, " k"], [1e6, " M"], [1e9, " G"]];

  function grouped(whole) {
    return String(whole).replace(/\B(?=(\d{3})+$)/g, " ");
  }

  function significant(value) {
    if (value === 0) return "0";
    if (value < 1e-4 || value >= 999999.5) return value.toExponential(2).replace("+", "");
    if (value < 999.5) return value.toPrecision(3);
    const step = 10 ** (Math.floor(Math.log10(value)) - 2);
    return grouped(Math.round(Math.round(value / step) * step));
  }

  function scaled(value, units) {
    if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
    if (value < 0) return "−" + scaled(-value, units);
    const rounded = Number(value.toPrecision(3));
    let unit = units[0];
    for (const candidate of units) if (candidate[0] <= rounded) unit = candidate;
    return significant(value / (unit[2] || unit[0])) + unit[1];
  }

  function plain(value, decimals) {
    return value.toFixed(decimals).replace(/\.?0+$/, "").replace(/^-0?$/, "0").replace("-", "−");
  }

  function percentile(rarity, decimals) {
    return rarity < 1.005 ? "0" : (100 - 100 / rarity).toFixed(decimals);
  }

  /** A value with its unit, for somebody who reads it out. */
  const SHOW = {
    nanoseconds: (value) => scaled(value, SPANS),
    microseconds: (value) => scaled(value * 1e3, SPANS),
    seconds: (value) => scaled(value * 1e9, SPANS),
    time: (value) => plain(value, 2) + " s",
    rate: (value) => scaled(value, RATES),
    bytes: (value) => scaled(value, SIZES),
    amount: (value) => scaled(value, AMOUNTS),
    fraction: (value) => scaled(value * 100, [[1, " %"]]),
    ratio: (value) => scaled(value, [[1, " times"]]),
    number: (value) => scaled(value, [[1, ""]]),
    rarity: (value) => percentile(value, Math.max(1, Math.ceil(Math.log10(value)) - 1)) + " %",
  };

  /** The same beside an axis, without zeros that say nothing. */
  function tick(unit, value) {
    if (unit === "time") return plain(value, 3);
    if (unit === "rarity") {
      return value < 1.5 ? "0" : percentile(value, Math.max(0, Math.round(Math.log10(value)) - 2)) + " %";
    }
    if (value === 0) return "0";
    return SHOW[unit](value).replace(/^(−?[\d ]*\d)(\.\d*?)0*(?=\D|$)/, (_, whole, part) => whole + (part === "." ? "" : part));
  }

  // Where ticks stand: round steps on a linear axis, 1-2-5 on a logarithmic one.

  function linearTicks(from, to, most, unit) {
    // Memory is counted in powers of two, so its round steps are too.
    let base = 1;
    if (unit === "bytes") while (to / base >= 1024) base *= 1024;
    const rough = (to - from) / base / Math.max(most, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999) * base;
    const ticks = [];
    for (let n = Math.ceil(from / step - 1e-6); n * step <= to + step * 1e-6; n++) ticks.push(n * step);
    return ticks;
  }

  function logarithmicTicks(from, to, most, unit) {
    const low = Math.floor(Math.log10(from));
    const high = Math.ceil(Math.log10(to));
    const within = (tick) => tick >= from * 0.999 && tick <= to * 1.001;
    const powers = Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n));
    if (unit === "rarity" && to / from > 90) return [1, 2, ...powers.filter((n) => n > 1)].filter(within);
    const fine = powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(within);
    if (fine.length < 2) return linearTicks(from, to, most, unit);
    if (fine.length <= most) return fine;
    const coarse = powers.filter(within);
    return coarse.filter((_, n) => n % Math.ceil(coarse.length / most) === 0);
  }

  /** What is written along the bottom at these values. Where two would touch, the one that comes
   * later is left out: of values with texts of their own, what needs its room most comes first. */
  function apartTicks(axis, values, place, size) {
    const told = axis.values || values.map((value) => [value, tick(axis.unit, value)]);
    const kept = new Map();
    for (const [value, text] of told.filter(([value]) => values.includes(value))) {
      const [at, half] = [place(value), measured(text, size) / 2];
      const touches = ([other, reach]) => Math.abs(other - at) < reach + half + 6;
      if (![...kept.values()].some(touches)) kept.set(value, [at, half, text]);
    }
    return values.map((value) => (kept.has(value) ? kept.get(value)[2] : ""));
  }
