package telegramsim

import (
	"html"
	"regexp"
	"slices"
	"strings"
)

// htmlTags are the tags that parse_mode HTML knows, with their entity types.
var htmlTags = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
	"a": "text_link", "tg-spoiler": "spoiler", "span": "spoiler", "blockquote": "blockquote",
}

var (
	htmlToken  = regexp.MustCompile(`<[^>]*>|&(?:lt|gt|amp|quot|#[0-9]+|#[xX][0-9a-fA-F]+);`)
	htmlTag    = regexp.MustCompile(`^<(/?)([A-Za-z-]+)((?:\s[^>]*)?)>$`)
	hrefValue  = regexp.MustCompile(`(?i)\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')`)
	classValue = regexp.MustCompile(`(?i)\bclass\s*=\s*["']tg-spoiler["']`)
)

// htmlParser turns Telegram's HTML into text and entities.
type htmlParser struct {
	out      strings.Builder
	length   int // of out, in UTF-16 units
	open     []openTag
	entities []wireEntity
}

type openTag struct {
	name   string
	entity wireEntity
}

// parseHTML follows https://core.telegram.org/bots/api#html-style: any "<" that
// does not begin a known tag is an error, and so is a tag left open.
func parseHTML(source string) (richText, error) {
	var p htmlParser
	at := 0
	for _, span := range htmlToken.FindAllStringIndex(source, -1) {
		if err := p.plain(source[at:span[0]], at); err != nil {
			return richText{}, err
		}
		token := source[span[0]:span[1]]
		at = span[1]
		if token[0] == '&' {
			p.write(html.UnescapeString(token))
		} else if err := p.tag(token, span[0]); err != nil {
			return richText{}, err
		}
	}
	if err := p.plain(source[at:], at); err != nil {
		return richText{}, err
	}
	if n := len(p.open); n > 0 {
		return richText{}, badRequest(`can't parse entities: Can't find end tag corresponding to start tag "%s"`, p.open[n-1].name)
	}
	slices.SortStableFunc(p.entities, func(a, b wireEntity) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return b.Length - a.Length
	})
	return richText{text: p.out.String(), entities: p.entities}, nil
}

func (p *htmlParser) plain(text string, at int) error {
	if i := strings.IndexByte(text, '<'); i >= 0 {
		return badRequest("can't parse entities: Unclosed start tag at byte offset %d", at+i)
	}
	p.write(text)
	return nil
}

func (p *htmlParser) write(text string) {
	p.out.WriteString(text)
	p.length += units(text)
}

func (p *htmlParser) tag(token string, at int) error {
	part := htmlTag.FindStringSubmatch(token)
	if part == nil {
		return badRequest(`can't parse entities: Unsupported start tag "%s" at byte offset %d`, strings.Trim(token, "<>"), at)
	}
	name := strings.ToLower(part[2])
	if part[1] == "/" {
		return p.end(name, at)
	}
	kind, ok := htmlTags[name]
	if !ok || (name == "span" && !classValue.MatchString(part[3])) {
		return badRequest(`can't parse entities: Unsupported start tag "%s" at byte offset %d`, name, at)
	}
	entity := wireEntity{Type: kind, Offset: p.length}
	if href := hrefValue.FindStringSubmatch(part[3]); name == "a" && href != nil {
		entity.URL = html.UnescapeString(href[1] + href[2])
	}
	p.open = append(p.open, openTag{name, entity})
	return nil
}

func (p *htmlParser) end(name string, at int) error {
	if len(p.open) == 0 {
		return badRequest("can't parse entities: Unexpected end tag at byte offset %d", at)
	}
	last := p.open[len(p.open)-1]
	if last.name != name {
		return badRequest(`can't parse entities: Unmatched end tag at byte offset %d, expected "</%s>", found "</%s>"`, at, last.name, name)
	}
	p.open = p.open[:len(p.open)-1]
	last.entity.Length = p.length - last.entity.Offset
	if last.entity.Length > 0 && (name != "a" || last.entity.URL != "") {
		p.entities = append(p.entities, last.entity)
	}
	return nil
}
