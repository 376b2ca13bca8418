// The page: a shop, phones and the server's timeline beside each other, or,
// where the window is narrow, one at a time.

import {$} from "./dom.js";
import {listen} from "./wire.js";
import * as shop from "./shop.js";
import * as parcel from "./parcel.js";
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

// The link opens its app on the phone beside.
const onLink = (link) => {
  view("phone");
  phone.openLink(link);
};
shop.begin({onLink});
parcel.begin({onLink});
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
  parcel: parcel.show,
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
