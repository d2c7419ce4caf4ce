  // Colours, dashes and markers: the page's own.

  const palette = JSON.parse(document.getElementById("palette").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let colours = {};

  function colour(name) {
    if (!colours[name]) {
      colours[name] = getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
    }
    return colours[name];
  }

  const style = (role) => palette[role] || { hue: "ink", dash: [], marker: "circle" };
  const font = (size) => size + "px system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif";
  /** A text whose numbers stay with what follows them when a line is broken. */
  const glued = (text) => text.replace(/(\d) /g, "$1\u00a0");
  const isNarrow = () => window.innerWidth <= 700;

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const ruler = document.createElement("canvas").getContext("2d");
  /** How wide a text is in the page's font, in pixels. */
  function measured(text, size) {
    ruler.font = font(size);
    return ruler.measureText(text).width;
  }

  function markerPath(context, shape, x, y, size) {
    context.beginPath();
    if (shape === "square") {
      context.rect(x - size * 0.9, y - size * 0.9, size * 1.8, size * 1.8);
    } else if (shape === "triangle") {
      context.moveTo(x, y - size * 1.2);
      context.lineTo(x + size * 1.15, y + size * 0.8);
      context.lineTo(x - size * 1.15, y + size * 0.8);
      context.closePath();
    } else if (shape === "diamond") {
      context.moveTo(x, y - size * 1.25);
      context.lineTo(x + size * 1.25, y);
      context.lineTo(x, y + size * 1.25);
      context.lineTo(x - size * 1.25, y);
      context.closePath();
    } else {
      context.arc(x, y, size, 0, 2 * Math.PI);
    }
  }
