// The page's sentences in the reader's language, by those in English.

const sentences = JSON.parse(document.getElementById("sentences").textContent) ?? {};

// say returns a sentence with values in the places of their names,
// "Paste {code}", for example, and {code: "123456"}.
export const say = (sentence, values = {}) =>
  (sentences[sentence] ?? sentence).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// sayProblem says why the server refused: in the reader's language where it is
// known, else as the server does.
export const sayProblem = (error) => sentences[error.code] ?? say(error.message);
