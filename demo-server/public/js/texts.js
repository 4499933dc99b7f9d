import english from './texts-en.js'
import chinese from './texts-zh.js'

/** The language of the page. `language.js` has chosen it. */
export const language = document.documentElement.lang

const texts = language === 'en' ? english : chinese
const plurals = new Intl.PluralRules(language)
/** The attributes of `index.html` that a visitor reads or hears. */
const ATTRIBUTES = ['aria-label', 'alt', 'placeholder', 'content']

/**
 * A text of the page, with values in its braces.
 *
 * @param {string} key
 * @param {Record<string, string | number>} values numbers are written as the language does. If the text has plural
 *   forms, `n` decides.
 */
export function text(key, values = {}) {
  const forms = texts[key]
  if (forms === undefined) throw new Error(`the page has no text ${key}`)
  const form = typeof forms === 'string' ? forms : forms[plurals.select(values.n)]
  return form.replace(/\{(\w+)\}/g, (_, name) => values[name].toLocaleString(language))
}

/** Translates the texts of `index.html`, which are English. */
export function translatePage() {
  if (language !== 'en') {
    for (const element of document.querySelectorAll('[data-text]')) {
      element.innerHTML = text(element.dataset.text)
    }
    for (const name of ATTRIBUTES) {
      for (const element of document.querySelectorAll(`[data-text-${name}]`)) {
        element.setAttribute(name, text(element.getAttribute(`data-text-${name}`)))
      }
    }
  }
  document.documentElement.classList.remove('untranslated')
}
