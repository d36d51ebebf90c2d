// Runs before the first paint: a page must not flash in the other theme.
(function () {
  var choice = 'system'
  try { choice = localStorage.getItem('leat-theme') || 'system' } catch (e) { /* storage is off: the system's theme it is */ }
  var dark = choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
