/** The English texts of the scripts. Those of `index.html` are in it. */
export default {
  'origins.nothing': 'Nothing at all. The browser hides the answer from the page.',
  'origins.hidden': 'hidden',
  'origins.caption': '{status} to Range: bytes=0-3',
  'origins.good': 'Everything that is needed to resume safely. If-Range was allowed, and the answer was 206.',
  'origins.bad':
    'The bytes arrive, but the page cannot see their position and version. It cannot resume safely.',
  'origins.worse':
    'The bytes arrive, but the page cannot see their position and version. It cannot resume safely. The page may not even send If-Range.',
}
