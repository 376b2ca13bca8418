// The page: a shop, phones and the server's timeline beside each other, or,
// where the window is narrow, one at a time.

import {$} from "./dom.js";
import {listen} from "./wire.js";
import * as shop from "./shop.js";
import * as phone from "./phone.js";
import * as server from "./server.js";

// view brings one part to the front of a narrow window.
export function view(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll(".views button")) {
    button.setAttribute("aria-current", String(button.dataset.view === name));
  }
  phone.seen();
}

for (const button of document.querySelectorAll(".views button")) {
  button.addEventListener("click", () => view(button.dataset.view));
}

shop.begin({
  // The link opens Telegram on the phone beside.
  onLink(link) {
    view("phone");
    phone.openLink(link);
  },
});
phone.begin({
  onCopy: shop.offer,
  onBack() {
    view("shop");
    $("code").focus();
  },
});
server.begin();

const handlers = {
  shop(state) {
    shop.show(state.sale);
    phone.setSale(state.sale);
    server.showTimeline(state.timeline);
  },
  links: server.showLinks,
  faults: server.showFaults,
  received: server.showReceived,
};
for (const button of document.querySelectorAll("[data-person]")) {
  handlers["phone-" + button.dataset.person] = (state) => phone.show(button.dataset.person, state);
}
listen(handlers);

setInterval(() => {
  shop.tick();
  phone.tick();
}, 200);
$("code").value = "";
