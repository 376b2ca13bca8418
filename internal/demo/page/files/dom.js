// What all parts of the page use to draw.

export const $ = (id) => document.getElementById(id);

// h makes an element: h("b", {class: "x", onclick: f}, "text", child).
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

// keyed draws a list so that what has not changed stays in place: the focus
// survives, and screen readers announce only what is new.
export function keyed(list, items, keyOf, draw) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let grown = false;
  items.forEach((item, at) => {
    const key = String(keyOf(item));
    const looks = JSON.stringify(item);
    let child = old.get(key);
    old.delete(key);
    if (!child || child.looks !== looks) {
      const fresh = draw(item);
      fresh.dataset.key = key;
      fresh.looks = looks;
      if (child) {
        const focused = child.contains(document.activeElement);
        fresh.classList.add("changed");
        setTimeout(() => fresh.classList.remove("changed"), 2000);
        child.replaceWith(fresh);
        if (focused) list.focus();
      } else {
        grown = true;
      }
      child = fresh;
    }
    if (list.children[at] !== child) list.insertBefore(child, list.children[at] ?? null);
  });
  for (const gone of old.values()) gone.remove();
  if (grown) list.scrollTop = list.scrollHeight;
  return grown;
}

// badge shows how many, and nothing where there are none.
export function badge(element, count) {
  element.hidden = count === 0;
  element.textContent = count || "";
}

let hiding;

// toast tells of something that happened by the person's own hand.
export function toast(text) {
  $("toast").textContent = text;
  clearTimeout(hiding);
  hiding = setTimeout(() => { $("toast").textContent = ""; }, 2500);
}

// clockTime is the time where the people are, as the messages write it.
export const clockTime = (at) => new Date(at).toLocaleTimeString("en-GB", {
  hour: "2-digit", minute: "2-digit", timeZone: document.body.dataset.zone,
});

// clockSeconds is that to the second.
export const clockSeconds = (at) => new Date(at).toLocaleTimeString("en-GB", {timeZone: document.body.dataset.zone});
