// The language of this visit: the one in the URL, otherwise the first of the browser's languages that the page has.
// This is a classic script in the head. It runs before anything is drawn, so that no text appears in another language first.
{
  const has = (tag) => (/^zh\b/i.test(tag) ? 'zh-CN' : /^en\b/i.test(tag) ? 'en' : undefined)
  const wanted = [new URLSearchParams(location.search).get('lang'), ...navigator.languages]
  const page = document.documentElement
  page.lang = wanted.map(has).find(Boolean) ?? 'en'
  if (page.lang !== 'en') {
    page.classList.add('untranslated')
    // Modules run before this event. If one of them is missing, the page is shown as it is, in English.
    addEventListener('load', () => {
      if (page.classList.contains('untranslated')) page.lang = 'en'
      page.classList.remove('untranslated')
    })
  }
}
