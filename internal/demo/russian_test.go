package demo

import "testing"

// english finds words on the page that a Russian reader should not meet: two
// Latin words in a row, where names and units are one.
const english = `(() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    if (n.parentElement.closest("script, noscript, .mine")) continue;
    const met = n.data.match(/[A-Za-z’']+ [A-Za-z’']{2,}/);
    if (met) found.push(met[0]);
  }
  return found.join("; ");
})()`

// TestTheStoryInRussian plays the story on a small phone in Russian: the page,
// the bot, the code and the server's timeline.
func TestTheStoryInRussian(t *testing.T) {
	b := openTabIn(t, "ru", soon, 360, 740)
	b.sees("#shop-name", "Дом книги")
	b.shot("1-first")
	b.at("shop").click(`[name="wait"]`)
	b.click("#get-code")
	b.sees("#hint", "Если его там не будет, пришлём по SMS.")
	b.shot("2-asked")
	b.click("#connect")
	b.click("#start")
	b.sees("#chat", "хочет присылать в этот чат коды")
	b.push("keyboard", "Поделиться номером")
	b.code("chat")
	b.sees("#chat", "код для входа в Дом книги")
	b.shot("3-linked")
	b.click("#chat .code")
	b.sees("#toast", "Скопировано")
	b.at("shop").fill("#code", "000000")
	b.click("#confirm")
	b.sees("#enter-said", "Осталось попыток: 4")
	b.click("#paste")
	b.click("#confirm")
	b.sees("#end", "Вы вошли как")
	b.shot("4-confirmed")
	b.at("server").sees("#timeline", "Телефон только что привязали")
	b.sees("#timeline", "Код верный: подтверждено")
	b.sees(`[data-link="anna"]`, "со слов Telegram")
	b.fits()
	b.shot("5-timeline")
	if left := b.eval(english); left != "" {
		t.Errorf("English is left: %s", left)
	}
}
