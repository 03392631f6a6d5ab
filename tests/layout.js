// What is laid out badly on a page, in words, and how many things there were to look at.
(page) => {
  const all = (selector, root = page) => [...root.querySelectorAll(selector)];
  const box = (element) => element.getBoundingClientRect();
  const apart = (a, b) => a.right <= b.left + 0.5 || b.right <= a.left + 0.5;
  const meet = (a, b) => !apart(a, b) && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
  const within = (inner, outer) => inner.left >= outer.left - 0.5 && inner.right <= outer.right + 0.5;
  const wrong = [];

  if (page.documentElement.scrollWidth > page.defaultView.innerWidth) wrong.push("the page is wider than its window");

  for (const value of all(".bar-value"))
    if (value.scrollWidth > value.clientWidth) wrong.push(`${value.textContent} is wider than its place`);

  for (const chart of all(".chart")) {
    const texts = all("text", chart);
    const words = all("figcaption, .caption, .legend", chart);
    for (const text of [...texts, ...words])
      if (!within(box(text), box(chart))) wrong.push(`${text.textContent} leaves its card`);
    for (const name of texts.filter((text) => text.matches(".name")))
      for (const other of [...texts, ...words])
        if (other !== name && meet(box(name), box(other)))
          wrong.push(`${name.textContent} is over ${other.textContent}`);
  }

  for (const table of all("table.forest")) {
    const edges = new Set();
    const scales = new Set();
    for (const strip of all(".strip", table)) {
      const { left, width } = box(strip);
      edges.add(`${strip.closest("td").cellIndex}: ${Math.round(left)}`);
      scales.add(`${Math.round(width)}, ${Math.round(box(strip.querySelector(".origin")).left - left)}`);
      for (const mark of all(".range, .point", strip))
        if (!within(box(mark), box(strip))) wrong.push("an interval leaves its strip");
    }
    if (edges.size !== all("thead th + th", table).length) wrong.push(`strips have edges ${[...edges].join("; ")}`);
    if (scales.size !== 1) wrong.push(`strips have scales ${[...scales].join("; ")}`);
  }

  for (const region of all(".scroll"))
    for (const head of all("th:first-child", region))
      if (box(head).width > region.clientWidth / 2) wrong.push(`${head.textContent} hides its row`);

  return {
    wrong,
    values: all(".bar-value").length,
    names: all(".chart .name").length,
    strips: all(".strip").length,
    plots: all(".plot").length,
    scrolled: all(".scroll").filter((region) => region.scrollWidth > region.clientWidth).length,
  };
}
