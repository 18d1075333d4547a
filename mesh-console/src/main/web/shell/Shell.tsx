// The frame around every screen: where one can go, how the line to the node stands, what is running.

import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useWorld } from '../feed/store'
import { Icon } from '../parts/icons'
import { Name } from '../parts/Name'
import { hrefOf, useRoute, type Route } from '../router'
import { screenOf, SCREENS, type Screen } from '../screens/screens'
import { Connection, LostBanner } from './Connection'
import { OperationStrip } from './OperationStrip'
import { ThemeSwitch } from './ThemeSwitch'

const BAR_MAX = 4

export function Shell() {
  const route = useRoute()
  const screen = screenOf(route.screen)
  const main = useRef<HTMLElement>(null)
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Rail open={screen} />
      <div class="column">
        <TopBar />
        <LostBanner />
        <OperationStrip />
        <main tabIndex={-1} ref={main}>
          <Opened screen={screen} route={route} />
        </main>
      </div>
    </div>
  )
}

function Rail({ open }: { open: Screen }) {
  const version = useWorld(world => world.self?.version)
  return (
    <nav class="rail" aria-label="Screens">
      <a class="brand" href={hrefOf('overview')} aria-label="mesh, to the overview">
        <Icon name="overview" size={22} />
        <span>mesh</span>
      </a>
      <ul>
        {SCREENS.map((screen, at) => (
          <li key={screen.path} class={at < BAR_MAX ? 'in-bar' : 'in-more'}>
            <Destination screen={screen} isOpen={screen === open} />
          </li>
        ))}
        {SCREENS.length > BAR_MAX && (
          <li class="more">
            <More open={open} />
          </li>
        )}
      </ul>
      <div class="rail-foot">
        <ThemeSwitch />
        {version && <p class="soft version">version {version}</p>}
      </div>
    </nav>
  )
}

function Destination({ screen, isOpen }: { screen: Screen; isOpen: boolean }) {
  return (
    <a class="destination" href={hrefOf(screen.path)} aria-current={isOpen ? 'page' : undefined}>
      <Icon name={screen.icon} />
      <span>{screen.title}</span>
    </a>
  )
}

/** On a phone: the screens that the bar has no room for, and the theme. */
function More({ open }: { open: Screen }) {
  const menu = useRef<HTMLDivElement>(null)
  const hidden = SCREENS.slice(BAR_MAX)
  return (
    <>
      <button
        type="button"
        class={hidden.includes(open) ? 'destination holds-open' : 'destination'}
        aria-haspopup="true"
        onClick={() => menu.current?.togglePopover()}
      >
        <Icon name="more" />
        <span>More</span>
      </button>
      <div popover="auto" class="more-menu" ref={menu} onClick={() => menu.current?.hidePopover()}>
        {hidden.map(screen => (
          <Destination key={screen.path} screen={screen} isOpen={screen === open} />
        ))}
        <div onClick={event => event.stopPropagation()}>
          <ThemeSwitch />
        </div>
      </div>
    </>
  )
}

function TopBar() {
  const self = useWorld(world => world.self)
  return (
    <header class="top-bar">
      <p class="where">
        {self?.meshName && (
          <>
            <strong>
              <Name>{self.meshName}</Name>
            </strong>
            <span class="soft"> · </span>
          </>
        )}
        {self && (
          <span class={self.meshName ? 'soft' : 'alone'}>
            <Name>{self.name}</Name>
          </span>
        )}
      </p>
      <Connection />
    </header>
  )
}

/** A screen's module is fetched when it is first opened; a screen that cannot be fetched says so. */
function Opened({ screen, route }: { screen: Screen; route: Route }) {
  const [loaded, setLoaded] = useState<{ path: string; Body?: ComponentType<{ route: Route }>; failed?: boolean }>()
  const first = useRef(true)
  useEffect(() => {
    let isCurrent = true
    document.title = `${screen.title} · mesh`
    screen.load().then(
      module => isCurrent && setLoaded({ path: screen.path, Body: module.default }),
      () => isCurrent && setLoaded({ path: screen.path, failed: true }),
    )
    return () => void (isCurrent = false)
  }, [screen])
  useEffect(() => {
    if (!loaded?.Body) return
    // A page that was just opened keeps the browser's own focus; later the reader is told where it is.
    if (!first.current) document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
    first.current = false
    scrollTo(0, 0)
  }, [loaded])
  if (loaded?.path !== screen.path) return null
  if (!loaded.Body)
    return (
      <div class="page">
        <p class="notice tone-bad">
          This screen could not be fetched from the node.{' '}
          <button type="button" class="button" onClick={() => location.reload()}>
            Load the page again
          </button>
        </p>
      </div>
    )
  return <loaded.Body route={route} />
}
