// What the browser's tests ask of a page; each function returns what is wrong, in words.
(() => {
  const lines = (nodes, wrong) => nodes.map(wrong).filter(Boolean).slice(0, 20);
  const channels = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const opaque = (colour) => colour !== "none" && channels(colour)[3] !== 0;
  const pageBehind = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (opaque(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const holds = (outer, inner) =>
    outer.left <= inner.left + 1 && outer.right >= inner.right - 1 && outer.top <= inner.top + 1 && outer.bottom >= inner.bottom - 1;
  const rectanglesUnder = (text) => {
    const box = text.getBoundingClientRect();
    const start = { left: box.left, right: box.left + 2, top: box.top + box.height / 2, bottom: box.top + box.height / 2 };
    return [...text.closest("svg").querySelectorAll("rect")].filter((rect) => holds(rect.getBoundingClientRect(), start));
  };
  const behind = (element) => {
    if (!element.closest("svg")) return pageBehind(element);
    const painted = rectanglesUnder(element).map((rect) => getComputedStyle(rect).fill).filter(opaque);
    return painted.length ? painted[painted.length - 1] : pageBehind(element.closest("svg"));
  };
  const seen = (element) => element.checkVisibility({ contentVisibilityAuto: true }) && element.getClientRects().length > 0;
  const withText = () =>
    [...document.body.querySelectorAll("*")].filter(
      (element) => !element.closest("title") && seen(element) && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()),
    );

  window.measure = {
    overflow: () =>
      document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} wide`] : [],
    crushed: () =>
      lines([...document.querySelectorAll("td, th:not(.stage)")].filter(seen), (cell) => {
        const words = cell.textContent.trim().split(/[\s/:,.-]+/);
        const longest = Math.min(Math.max(...words.map((word) => word.length)), 8);
        return cell.clientWidth < longest * 5 ? `${cell.clientWidth} px: ${cell.textContent.trim().slice(0, 40)}` : "";
      }),
    unsaid: () =>
      lines([...document.querySelectorAll(".lines .said")], (words) => (seen(words) ? "" : words.textContent.slice(0, 40))),
    fainter: (least) =>
      lines(withText(), (element) => {
        const style = getComputedStyle(element);
        const colour = element.closest("svg") ? style.fill : style.color;
        const found = ratio(colour, behind(element));
        return found < least ? `${found.toFixed(2)}: ${element.textContent.trim().slice(0, 40)}` : "";
      }),
    outside: (picture) =>
      lines([...document.querySelectorAll(`${picture} text`)], (text) => {
        const under = rectanglesUnder(text);
        const narrowest = under[under.length - 1];
        return narrowest && !holds(narrowest.getBoundingClientRect(), text.getBoundingClientRect()) ? text.textContent : "";
      }),
    below: (selector, fold) => {
      const box = document.querySelector(selector).getBoundingClientRect();
      return box.bottom > fold || box.width === 0 ? [`${selector} ends at ${box.bottom}`] : [];
    },
    folded: () =>
      lines([...document.querySelectorAll("details > :not(summary)")], (element) =>
        seen(element) ? "" : element.textContent.trim().slice(0, 40)),
    clipped: () =>
      lines([...document.querySelectorAll("section, div, table, td, th, li, p, pre, dd")].filter(seen), (element) =>
        element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline" ? element.textContent.trim().slice(0, 40) : ""),
  };
})();
