// One message of a chat.

import {h, clockTime} from "./dom.js";
import {say} from "./sentences.js";

// text makes the marked parts of a text ones that a tap copies. Marks count
// UTF-16 units, as strings do here.
export function text(whole, marks, copy) {
  const parts = [];
  let end = 0;
  for (const mark of marks ?? []) {
    const code = whole.slice(mark.offset, mark.offset + mark.length);
    parts.push(whole.slice(end, mark.offset),
      h("button", {type: "button", class: "code", title: say("Copy"), "aria-label": say("Copy {code}", {code}), onclick: () => copy(code)}, code));
    end = mark.offset + mark.length;
  }
  return [...parts, whole.slice(end)];
}

export function bubble(m, {copy, press, open}) {
  const body = m.contact
    ? h("p", {class: "contact"}, h("b", {}, m.contact.name), h("span", {}, `+${m.contact.phone}`))
    : h("p", {}, ...text(m.text, m.marks, copy));
  const rows = (m.buttons ?? []).map((row) => h("div", {class: "row"}, ...row.map((b) => h("button", {
    type: "button", onclick: () => b.copy ? copy(b.copy) : b.url ? open(b.url) : press(m.id, b.data),
  }, b.text))));
  return h("div", {class: m.mine ? "message mine" : "message"},
    h("div", {class: "bubble"}, body, h("p", {class: "meta"}, m.edited ? say("edited") + " " : "", clockTime(m.at))),
    ...rows);
}
