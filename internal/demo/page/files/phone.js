// The phones: a chat with the bot, one in WhatsApp and an SMS inbox, one person
// at a time.

import {$, h, keyed, badge, toast, clockTime} from "./dom.js";
import {post, secondsUntil} from "./wire.js";
import {bubble, text} from "./bubble.js";
import {say, sayProblem} from "./sentences.js";

const buttons = [...document.querySelectorAll("[data-person]")];
const apps = [...document.querySelectorAll(".apps button")].map((tab) => tab.id.slice("tab-".length));
const logs = [...document.querySelectorAll(".app .log")].map((log) => log.id);
const phones = new Map(); // what each person's phone holds
const links = new Map(); // a link that a person has opened, before Start
const read = new Map(); // how many messages each person has seen, by app
let person = buttons[0].dataset.person;
let app = "chat";
let sale = null;
let copied = () => {};
let wentBack = () => {};
let leaving; // the banner's timer

const act = (path, body) => post(path, {who: person, ...body}).catch((error) => toast(sayProblem(error)));

export function begin({onCopy, onBack}) {
  copied = onCopy;
  wentBack = onBack;
  for (const button of buttons) button.addEventListener("click", () => hold(button.dataset.person));
  for (const name of apps) $("tab-" + name).addEventListener("click", () => open(name));
  document.querySelector(".apps").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const step = event.key === "ArrowRight" ? 1 : -1;
    open(apps.at((apps.indexOf(app) + step) % apps.length));
    $("tab-" + app).focus();
  });
  $("start").addEventListener("click", () => {
    act("/phone/open", {link: links.get(person) ?? ""});
    links.delete(person);
  });
  $("unblock-bot").addEventListener("click", () => act("/phone/block", {on: false}));
  $("block").addEventListener("click", () => act("/phone/block", {on: true}));
  $("card").addEventListener("click", () => act("/phone/card", {of: other().dataset.person}));
  $("menu-toggle").addEventListener("click", () => openMenu($("menu").hidden));
  $("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    act("/phone/say", {text: $("say").value});
    $("say").value = "";
  });
  $("write")?.addEventListener("submit", (event) => {
    event.preventDefault();
    act("/phone/write", {text: $("words").value});
    $("words").value = "";
  });
  $("words")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    $("write").requestSubmit();
  });
  // A log whose size changes, say because the clock has come up above it,
  // stays at its end.
  const atEnd = new ResizeObserver((seen) => seen.forEach(({target}) => { target.scrollTop = target.scrollHeight; }));
  for (const log of logs) atEnd.observe($(log));
  hold(person);
  tick();
}

const current = () => buttons.find((button) => button.dataset.person === person);
const other = () => buttons.find((button) => button.dataset.person !== person);

// hold takes a person's phone into the hand.
function hold(id) {
  person = id;
  for (const button of buttons) button.setAttribute("aria-pressed", String(button === current()));
  $("own-number").textContent = current().dataset.phone;
  $("card").textContent = say("Attach {name}’s contact", other().dataset);
  $("notice").replaceChildren();
  for (const log of logs) $(log).replaceChildren();
  if ($("words")) $("words").value = "";
  draw();
}

function open(name) {
  app = name;
  for (const other of apps) {
    $("tab-" + other).setAttribute("aria-selected", String(other === name));
    $("tab-" + other).tabIndex = other === name ? 0 : -1;
    $("app-" + other).hidden = other !== name;
  }
  document.querySelector(".acts").hidden = name !== "chat"; // both are about the bot
  $("notice").replaceChildren();
  for (const log of logs) $(log).scrollTop = $(log).scrollHeight;
  seen();
}

// openLink opens the bot's chat as a link does: Start is for the person to press.
// A link of WhatsApp prepares a message, which is for the person to send.
export function openLink(link) {
  const target = new URL(link);
  if (target.host === "wa.me") {
    open("whatsapp");
    $("words").value = target.searchParams.get("text");
    $("words").focus();
    return;
  }
  links.set(person, link);
  open("chat");
  draw();
  $("start").focus();
}

export function show(id, phone) {
  const before = phones.get(id);
  phones.set(id, phone);
  if (!before) apps.forEach((name) => markRead(id, name));
  if (id === person) draw();
  seen();
  const fresh = before ? phone.sms.slice(before.sms.length) : [];
  if (id === person && app !== "sms" && fresh.length > 0) notify(fresh.at(-1));
}

// notify lets a banner tell of an SMS, as phones do.
function notify(sms) {
  $("notice").replaceChildren(h("button", {type: "button", onclick: () => open("sms")},
    h("b", {}, "SMS "), sms.text));
  clearTimeout(leaving);
  leaving = setTimeout(() => $("notice").replaceChildren(), 6000);
}

function draw() {
  const phone = phones.get(person);
  if (!phone) return;
  const hooks = {
    copy,
    press: (message, button) => act("/phone/press", {message, button}),
    open: (url) => {
      toast(say("{host} is the shop on this page.", {host: new URL(url).host}));
      wentBack();
    },
  };
  const held = document.activeElement;
  keyed($("chat"), phone.messages, (m) => m.id, (m) => bubble(m, hooks));
  if (phone.whatsapp) keyed($("talk"), phone.whatsapp, (m) => m.id, (m) => bubble({...m, marks: marksOf(m)}, hooks));
  keyed($("texts"), phone.sms, (m) => m.id, (m) => h("div", {class: "bubble"},
    h("p", {}, ...text(m.text, marksOf(m), copy)),
    h("p", {class: "meta"}, clockTime(m.at))));
  const starts = !phone.started || links.has(person);
  $("start-board").hidden = !starts;
  $("unblock-board").hidden = starts || !phone.blocked;
  $("compose").hidden = starts || phone.blocked;
  $("block").disabled = $("card").disabled = !phone.started || phone.blocked;
  $("about").textContent = phone.about;
  $("about").hidden = phone.messages.length > 0;
  if (starts || phone.blocked) openMenu(false);
  keyed($("menu"), phone.menu, (entry) => entry.command, (entry) => h("button", {
    type: "button", onclick: () => { openMenu(false); act("/phone/say", {text: entry.command}); },
  }, h("b", {}, entry.command), " ", entry.about));
  drawKeyboard(starts || phone.blocked ? [] : phone.keyboard);
  if (held?.closest("#app-chat") && !held.offsetParent) $("chat").focus();
  drawClock();
}

// marksOf marks the code of a message that is plain text.
const marksOf = (m) => m.code ? [{offset: m.text.indexOf(m.code), length: m.code.length}] : [];

// openMenu opens the list of the bot's commands, or closes it.
function openMenu(on) {
  $("menu").hidden = !on;
  $("menu-toggle").setAttribute("aria-expanded", String(on));
}

function drawKeyboard(keys) {
  $("keyboard").hidden = keys.length === 0;
  keyed($("keyboard"), keys, (key) => key.text, (key) => h("button", {
    type: "button", onclick: () => act("/phone/keyboard", {text: key.text}),
  }, key.text));
}

function copy(code) {
  navigator.clipboard?.writeText(code).catch(() => {}); // plain http elsewhere than on this machine
  copied(code);
  toast(say("Copied. Now paste it in the shop."));
}

// seen counts what is on the screen as read.
export function seen() {
  const panel = $("app-" + app);
  if (panel.offsetParent) markRead(person, app);
  let unread = 0;
  for (const button of buttons) {
    const count = apps.reduce((sum, name) => sum + unreadOf(button.dataset.person, name), 0);
    button.querySelector(".dot").hidden = count === 0 || button.dataset.person === person;
    unread += count;
  }
  badge($("badge-phone"), unread);
  for (const name of apps) badge($("badge-" + name), unreadOf(person, name));
}

const received = (id, name) => {
  const phone = phones.get(id);
  const all = {chat: phone?.messages, whatsapp: phone?.whatsapp, sms: phone?.sms}[name];
  return all?.filter((m) => !m.mine).length ?? 0;
};
const markRead = (id, name) => read.set(id + name, received(id, name));
const unreadOf = (id, name) => Math.max(0, received(id, name) - (read.get(id + name) ?? 0));

export function setSale(state) {
  sale = state;
  drawClock();
}

// drawClock shows the wait for the SMS on the phone that it will come to.
function drawClock() {
  const runs = sale?.status === "pending" && sale.fallback_at && sale.phone === current().dataset.phone;
  $("fallback").hidden = !runs;
  if (!runs) return;
  const left = secondsUntil(sale.fallback_at);
  $("fallback-left").textContent = say("{seconds} s", {seconds: Math.ceil(left)});
  $("fallback-bar").value = Math.min(1, left / Number(document.body.dataset.fallback));
}

export function tick() {
  drawClock();
  $("wall-clock").textContent = clockTime(Date.now());
}
