// Where the person is, kept behind the # so that the page works under any prefix: #/nodes/7f3a?level=warn

import { useEffect, useState } from 'preact/hooks'

export interface Route {
  screen: string
  rest: string[]
  query: URLSearchParams
}

export function parsed(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [screen = '', ...rest] = path.split('/').map(part => {
    try {
      return decodeURIComponent(part)
    } catch {
      return part
    }
  })
  return { screen, rest, query: new URLSearchParams(query) }
}

export function hrefOf(screen: string, ...rest: string[]): string {
  return '#/' + [screen, ...rest].map(encodeURIComponent).join('/')
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parsed(location.hash))
  useEffect(() => {
    const moved = () => setRoute(parsed(location.hash))
    addEventListener('hashchange', moved)
    return () => removeEventListener('hashchange', moved)
  }, [])
  return route
}
