// The server's side: its timeline in words, the links, and what can be broken.

import {$, clockSeconds, h, keyed, toast} from "./dom.js";
import {post} from "./wire.js";
import {say, sayProblem} from "./sentences.js";

const proofs = {
  telegram: {
    contact: say("is linked to a chat, on Telegram’s word"),
    sms: say("is linked to a chat, proven by an SMS code as well"),
    inactive: say("has blocked the bot"),
  },
  whatsapp: {
    contact: say("is linked in WhatsApp, by a message from the number"),
    sms: say("is linked in WhatsApp, proven by an SMS code as well"),
    inactive: say("is not reached in WhatsApp any more"),
  },
};

// A timeline counts in tenths, with the decimal mark of the reader's language.
const tenths = new Intl.NumberFormat(document.documentElement.lang, {minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false});

export function begin() {
  for (const box of document.querySelectorAll("[data-fault]")) {
    box.addEventListener("change", () => post("/fault", {id: box.dataset.fault, on: box.checked}).catch((e) => toast(sayProblem(e))));
  }
}

export function showFaults(on) {
  for (const box of document.querySelectorAll("[data-fault]")) box.checked = on[box.dataset.fault];
}

export function showLinks(links) {
  for (const item of document.querySelectorAll("[data-link]")) {
    const of = Object.entries(links[item.dataset.link]);
    item.dataset.state = of.length === 0 ? "none" : of.every(([, proof]) => proof === "inactive") ? "inactive" : "linked";
    const words = of.map(([channel, proof]) => proofs[channel][proof]);
    if (item.dataset.state === "none") words.push(say("is not linked"));
    if (item.dataset.state !== "linked") words.push(say("codes go by SMS"));
    item.querySelector("span").textContent = say("{links}.", {links: words.join("; ")});
  }
}

export function showTimeline(lines) {
  $("timeline-empty").hidden = lines.length > 0;
  keyed($("timeline"), lines, (line) => line.at + line.what, (line) => h("div", {"data-tone": line.tone},
    h("time", {datetime: line.at}, say("{seconds} s", {seconds: tenths.format(line.after)})),
    h("div", {}, h("p", {}, line.what), line.why ? h("p", {class: "why"}, line.why) : null)));
}

export function showReceived(events) {
  $("received-empty").hidden = events.length > 0;
  keyed($("received"), events, (event) => event.id + event.at, (event) => h("li", {},
    h("time", {datetime: event.at}, clockSeconds(event.at)),
    h("code", {}, event.type),
    h("span", {class: "mark", title: event.id}, event.repeated ? say("signed, again") : say("signed")),
    h("span", {class: "of"}, [event.phone, event.word].filter(Boolean).join(" "))));
}
