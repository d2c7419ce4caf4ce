  // Links to a chart as it was zoomed; its drawing and its figures as files, made of what the page
  // has, as nothing needs to lie beside it.

  function link(node) {
    const zoom = node.figure && node.figure.group.x;
    return "#" + node.id + (zoom ? "~x=" + zoom.map((end) => Number(end.toPrecision(5))).join("..") : "");
  }

  function said(button, text) {
    const before = button.textContent;
    button.textContent = text;
    setTimeout(() => (button.textContent = before), 2000);
  }

  function copyLink(node, button) {
    const hash = link(node);
    const inAddressBar = () => {
      location.hash = hash;
      said(button, "it is in the address bar");
    };
    if (!navigator.clipboard) return inAddressBar();
    navigator.clipboard.writeText(location.href.split("#")[0] + hash).then(() => said(button, "copied"), inAddressBar);
  }

  function csv(node) {
    const quoted = (text) => (/[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text);
    const source = node.querySelector("script");
    let rows;
    if (source) {
      const { x, panels } = JSON.parse(source.textContent);
      rows = [["panel", "unit", "of", "what", "x (" + x.name + ")", "y", "low", "high", "hollow"]];
      for (const panel of panels) {
        for (const { of, what, points } of panel.series) {
          const value = (column, n) => (column && column[n] !== null ? String(column[n]) : "");
          points.x.forEach((at, n) => {
            const hollow = (points.hollow || []).includes(n) ? "hollow" : "";
            rows.push([
              panel.y.name, panel.y.unit, of, what, String(at),
              value(points.y, n), value(points.low, n), value(points.high, n), hollow,
            ]);
          });
        }
      }
    } else {
      rows = [...node.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
    }
    return rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
  }

  /** The drawing as a file that can be opened alone: with its own style sheet and ground. */
  function drawing(node) {
    const svg = node.querySelector(".wide svg").cloneNode(true);
    svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const made = (name, attributes) => {
      const part = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes || {})) part.setAttribute(key, value);
      return part;
    };
    const sheet = made("style");
    sheet.textContent = document.getElementById("chart-style").textContent;
    svg.prepend(sheet, made("rect", { class: "f-paper", width: "100%", height: "100%" }));
    return new XMLSerializer().serializeToString(svg);
  }

  function download(node, ending, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    element("a", { href: address, download: node.id + ending }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  /** What a link leads to may be folded, and may say how far a chart was zoomed: "#chart~x=1..2". */
  function follow() {
    const [id, state] = decodeURIComponent(location.hash.slice(1)).split("~");
    const node = id && document.getElementById(id);
    if (!node) return;
    for (let fold = node.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    node.scrollIntoView();
    if (!state) return;
    const range = state.replace(/^x=/, "").split("..").map(Number);
    const figure = node.figure || (node.querySelector("script") && enliven(node));
    if (figure && range.length === 2 && range[0] < range[1]) zoomX(figure.group, range);
  }
