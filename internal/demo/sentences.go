package demo

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// sentences are those of the page in another language, by those in English. What
// has none stays English.
type sentences map[string]string

// say returns the sentence in the other language, with values in the places of
// their names, "{price}" and "12 KZT" for example.
func (s sentences) say(sentence string, namesAndValues ...string) string {
	if other, known := s[sentence]; known {
		sentence = other
	}
	return strings.NewReplacer(namesAndValues...).Replace(sentence)
}

// language is one in which the demo speaks.
type language struct {
	sentences
	Code           string
	business       string
	anna, stranger string // names of the people
}

// speak returns the language, by its ISO 639 code.
func speak(code string) (language, error) {
	switch code {
	case "", "en":
		return language{Code: "en", business: "Book House", anna: "Anna", stranger: "Timur"}, nil
	case "ru":
		l := language{Code: "ru", business: "Дом книги", anna: "Анна", stranger: "Тимур"}
		text, err := embedded.ReadFile("page/ru.yaml")
		if err != nil {
			return l, err
		}
		return l, yaml.Load(text, &l.sentences, yaml.WithUniqueKeys())
	}
	return language{}, fmt.Errorf("the demo speaks en and ru, and not %q", code)
}
