  // Links to a chart as it was zoomed, and its figures as a file.

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

  function download(node) {
    const address = URL.createObjectURL(new Blob([csv(node)], { type: "text/csv" }));
    element("a", { href: address, download: node.id + ".csv" }).click();
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
