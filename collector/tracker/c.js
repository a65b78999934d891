/*
 * Collector's snippet: it tells the collector that a page was seen, and nothing about who saw it.
 *
 *   <script defer data-site="shop.example" src="https://stats.example/js/c.js"></script>
 *
 * It sets no cookie, stores nothing but a visitor's own opt-out, reads no fingerprint, and never throws into the page.
 * `python -m collector.tracker.minify` makes c.min.js, the file that is served, from this one.
 *
 * README.md beside this file is its manual: every option on the tag, what a page can call, what a callback hears, and the stub.
 *
 * 2,944 bytes after gzip is the limit, and a test. Names may be long here: the minifier shortens them.
 */
(() => {
  const stub = window.collector || {};
  // A module or a tag manager leaves no currentScript.
  const script = document.currentScript || document.querySelector('script[data-site]');
  // A page that carries the snippet twice is counted once.
  if (!script || stub.optOut) return;

  const data = script.dataset;
  const api = new URL(data.api || '../api/event', data.api ? location : script.src);
  const isOn = (option, normally) => (option in data ? data[option] != 'false' : normally);
  const isAutomatic = isOn('auto', true);
  const keepsHash = isOn('hash');
  const keepsQuery = isOn('query');
  // A page from a file has no host at all.
  const isLoopback = (host) => /^(127(\.\d+){3}|(.+\.)?localhost|\[::1]|)$/.test(host);
  // A developer's copy of the site must not reach the real numbers, but a collector on this machine is there to be tried.
  const isLocalCopy = isLoopback(location.hostname) && !isLoopback(api.hostname) && !isOn('local');
  // "/admin/*, /draft" as one expression; location.pathname is percent-encoded, so the globs have to be.
  const excluded = RegExp(
    `^(${encodeURI((data.exclude || '').replace(/\s/g, ''))
      .replace(/[^\w*,]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/,/g, '|')})$`,
  );

  // Of collector/downloads.py: the minifier writes it.
  const FILE = /\.(7z|aac|apk|appimage|avi|bin|bz2|csv|deb|dmg|doc|docx|epub|exe|flac|gem|gz|img|iso|jar|key|m4a|m4v|mkv|mobi|mov|mp3|mp4|msi|odp|ods|odt|ogg|opus|pdf|pkg|ppt|pptx|ps|rar|rpm|rtf|tar|tgz|war|wav|webm|whl|wmv|xls|xlsx|xz|zip|zst)$/i;

  const early = stub.q || []; // calls from before the page was seen
  let isSeen; // the page has been in view: nothing is sent before
  let isDue = isAutomatic; // a pageview waits for the page to be in view
  let isMissing = isOn('404'); // the server's page for what is not there: the first pageview is of that
  let hasOptedOut; // for when storage is closed to us
  let seen; // the place in the address bar at the last pageview
  let page; // the address of that pageview, if it was counted: engagement belongs to it
  let { referrer } = document;
  let engaged = 0; // milliseconds in view and in focus that have not been sent
  let since; // when the running stretch of engagement began, if one runs
  let bottom = 0; // the lowest pixel that was in view
  let height = 0;

  // Of the fragments only routes are pages, as the collector has it: any other is a place on the page, or a secret of a sign-in.
  // The folders of a file say whose machine it is; its name is enough.
  const address = ({ href }) => href.replace(keepsHash ? /#(?![/!]).*/ : /#.*/, '').replace(/^file:[^?#]*\//, '/');
  // Where the visitor is: sorting a list or turning its pages changes the query, and no place.
  const place = () => address(location).replace(keepsQuery ? '' : /\?[^#]*/g, '');
  // Chromium calls a page visible just before it ends its prerendering, and marks what is sent then as a prefetch.
  const isVisible = () => document.visibilityState == 'visible' && !document.prerendering;
  const on = (types, listener, capture) => types.split(' ').forEach((type) => addEventListener(type, listener, capture));

  // Once each, for whoever made the page: what it does wrong it does again.
  const told = {};
  function tell(text) {
    if (!told[text]) console.warn(`Collector: ${text}`);
    told[text] = 1;
  }

  function chooseToBeLeftOut(choice) {
    hasOptedOut = choice;
    try {
      localStorage.collector_ignore = choice;
    } catch {} // The choice holds for this page at least.
  }

  function reasonToIgnore() {
    try {
      const choices = ['collector_ignore', 'plausible_ignore', 'umami.disabled'];
      hasOptedOut = hasOptedOut || choices.some((key) => (localStorage[key] || 'false') != 'false');
    } catch {} // A browser that stores nothing.
    if (hasOptedOut) return 'opt-out';
    if (navigator.globalPrivacyControl) return 'gpc';
    if (navigator.doNotTrack == '1') return 'dnt';
    if (navigator.webdriver && !window.__collector) return 'webdriver';
    if (isLocalCopy) return 'local';
  }

  const HINTS = {
    webdriver: '; set window.__collector = 1 before this script to send as a robot',
    local: '; add data-local to send',
  };

  // A version 4 UUID; crypto.randomUUID is missing on plain http.
  const uuid = () =>
    '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) =>
      (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16),
    );

  // What is wrong is in the answer; one that is none of ours may be anything.
  async function refused(answer, result) {
    try {
      result.detail = (await answer.json()).detail;
    } catch {}
    tell(result.detail || `answered ${result.status}`);
    return result;
  }

  // A text is sent as text/plain, which needs no preflight. The id is in it, so a second attempt is the same event.
  async function post(body, isRetry) {
    // Asked again before a second attempt: somebody may have opted out in between.
    const ignored = reasonToIgnore();
    if (ignored) {
      tell(`nothing is sent (${ignored})${HINTS[ignored] || ''}`);
      return { ignored };
    }
    let result;
    let seconds = 2;
    try {
      // Where a request cannot outlive its page, a beacon can; its answer is never known.
      if (!window.fetch || !('keepalive' in Request.prototype))
        return navigator.sendBeacon(api, body) ? { status: 0 } : { error: 'beacon' };
      const answer = await fetch(api, {
        method: 'POST',
        body,
        // Browsers refuse to keep more than 64 KiB alive, as a beacon too.
        keepalive: body.length < 2e4,
        credentials: 'omit',
      });
      const { headers, status } = answer;
      result = { status };
      for (const word of ['dropped', 'changed']) {
        const why = headers.get(`X-Collector-${word}`);
        if (why) tell(`${word}: ${(result[word] = why)}`);
      }
      if (status != 503 && status != 429) return status < 400 ? result : await refused(answer, result);
      seconds = +headers.get('Retry-After') || seconds;
    } catch (error) {
      result = { error };
    }
    if (isRetry) return result;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return post(body, true);
  }

  // How wide the screen is, in four classes: the number itself would tell devices apart.
  const classOf = ({ width }) => (width < 576 ? 'small' : width < 992 ? 'medium' : width < 1440 ? 'large' : 'wide');

  // JSON leaves out what is undefined.
  const send = async (event, isExcluded) =>
    isExcluded
      ? { ignored: 'exclude' }
      : post(
          JSON.stringify({
            id: uuid(),
            domain: data.site,
            screen: classOf(screen),
            timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
            bot: navigator.webdriver || undefined,
            ...event,
          }),
        );

  // What is wrong in a call is thrown, and never becomes a pageview; the order of what is sent is that of the calls.
  async function start(name, options) {
    const { callback, interactive, props, revenue, url = location.href, ...others } = options;
    if (typeof name == 'number') name += '';
    if (typeof name != 'string' || !name.trim()) throw 'an event needs a name';
    if (typeof options != 'object') throw 'options must be an object';
    if (typeof url != 'string' || !url) throw 'url must be a text';
    const where = new URL(url, location);
    if (!/^http/.test(where.protocol) && where.protocol != location.protocol) throw 'url must be of a page';
    Object.keys(others).forEach((option) => tell(`there is no option ${option}`));
    const isPageview = name == 'pageview' || name == 'page_view';
    const isExcluded = excluded.test(where.pathname);
    const here = address(where);
    if (isPageview) {
      flush(1000);
      // The page before is the referrer; nothing is, when that page is not counted.
      if (seen) referrer = page;
      seen = place();
      page = isExcluded ? '' : here;
      engaged = bottom = height = 0;
    }
    const event = {
      url: here,
      referrer: referrer || undefined,
      eventName: isPageview ? 'page_view' : name,
      customProperties: props,
      revenue,
      interactive,
    };
    return send(event, isExcluded);
  }

  function track(name, options) {
    options = options || {};
    start(name, options)
      .catch((error) => {
        tell(error);
        return { error };
      })
      .then(options.callback);
  }

  function collector(...call) {
    early.push(call);
    look();
  }

  // Time is measured between the page's own events: no timer runs.
  function flush(threshold) {
    const now = performance.now();
    engaged += now - since || 0;
    since = isVisible() && document.hasFocus() ? now : undefined;
    if (!page || engaged < threshold) return;
    const scroll = Math.min(100, Math.round((100 * bottom) / height)) || undefined;
    send({ url: page, eventName: 'engagement', engagement: { ms: Math.round(engaged), scroll } });
    engaged = 0;
  }

  function measure() {
    height = document.documentElement.scrollHeight;
    bottom = Math.max(bottom, scrollY + innerHeight);
  }

  function look() {
    if (isVisible()) {
      if (isDue && seen != place()) {
        track('pageview');
        if (isMissing) track('404', { interactive: false });
        isMissing = 0;
      }
      isDue = false;
      isSeen = true;
    }
    if (isSeen) early.splice(0).forEach((call) => track(...call));
  }

  function navigated() {
    isDue = true;
    look();
  }

  // In or out of view or of focus. A second of reading counts when the page is left; a glance elsewhere is not worth a request.
  function turned({ type }) {
    measure();
    flush(type == 'pagehide' || !isVisible() ? 1000 : 3000);
    look();
  }

  function restored({ persisted }) {
    if (!persisted) return;
    // Back from the browser's cache is a new view, and the time in between was not spent here.
    since = undefined;
    seen = referrer = '';
    navigated();
  }

  function clicked(event) {
    // The right button opens a menu, nothing else.
    if (event.button > 1) return;
    // From the innermost element out, through the open shadow roots; a form may have a field called matches.
    const { matches } = Element.prototype;
    const find = (selector) => event.composedPath().find((node) => node instanceof Element && matches.call(node, selector));
    const tagged = find('[data-collect]');
    const link = find('a,area');
    const props = {};
    if (tagged) {
      for (const { name, value } of tagged.attributes) {
        if (name.startsWith('data-collect-')) props[name.slice(13)] = value;
      }
      collector(tagged.dataset.collect, { props });
    } else if (isAutomatic && link && link.href) {
      try {
        follow(link, props);
      } catch {} // An address that is none.
    }
  }

  function follow(link, props) {
    // Of a link within an SVG it is an object.
    const { host, origin, pathname, protocol } = new URL(link.href.baseVal || link.href, document.baseURI);
    const isWeb = /^http/.test(protocol);
    const isFile = isWeb ? link.hasAttribute('download') || FILE.test(pathname) : /^(blob|data)/.test(protocol) && link.download;
    // What a page makes itself has a name at the most.
    props.url = isWeb ? origin + pathname : link.download;
    if (isFile || (isWeb && host != location.host)) collector(isFile ? 'File Download' : 'Outbound Link: Click', { props });
  }

  function wrap(method, then) {
    const original = history[method];
    history[method] = (...state) => {
      // Before the page is drawn anew: the scroll depth belongs to the page that is left.
      measure();
      original.apply(history, state);
      then();
    };
  }

  window.collector = collector;
  window.trackEvent = (name, props) => collector(name, { props });
  collector.optOut = () => chooseToBeLeftOut(true);
  collector.optIn = () => chooseToBeLeftOut(false);

  if (isAutomatic) {
    wrap('pushState', navigated);
    // A page that polishes its address is still the same page.
    wrap('replaceState', () => isDue || (seen = place()));
    on('popstate', navigated); // also for a new fragment
    on('pageshow', restored);
  }
  on('visibilitychange prerenderingchange', turned, true);
  // Safari before 14.1 leaves a page without a visibilitychange.
  on('pagehide focus blur', turned);
  on('scroll', measure);
  on('click auxclick', clicked, true);
  on('securitypolicyviolation', ({ blockedURI, disposition, effectiveDirective }) => {
    if (disposition == 'enforce' && effectiveDirective == 'connect-src' && api.href.startsWith(blockedURI))
      tell(`this page's Content-Security-Policy blocks it; add ${api.origin} to connect-src`);
  });
  look();
})();
