// A file, not an inline script (strict CSP): sets the theme before the first paint.
(() => {
  let theme = 'system';
  try {
    theme = localStorage.getItem('iron-cage.theme') ?? 'system';
  } catch {
    /* storage may be blocked */
  }
  const systemDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const dark = theme === 'dark' || (theme !== 'light' && systemDark);
  document.documentElement.classList.toggle('dark', dark);
})();
