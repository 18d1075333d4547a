// The list of screens: order of the rail, words, icons, and the module that is fetched when one is opened. The first
// four have a place in the bar of a phone, the rest stands behind "More".

import type { ComponentType } from 'preact'
import type { Route } from '../router'

export interface Screen {
  path: string
  title: string
  icon: string
  load: () => Promise<{ default: ComponentType<{ route: Route }> }>
}

export const SCREENS: Screen[] = [
  { path: 'overview', title: 'Overview', icon: 'overview', load: () => import('./overview/Overview') },
  { path: 'chat', title: 'Chat', icon: 'chat', load: () => import('./chat/Chat') },
  { path: 'models', title: 'Models', icon: 'models', load: () => import('./models/Models') },
  { path: 'nodes', title: 'Nodes', icon: 'nodes', load: () => import('./nodes/Nodes') },
  { path: 'invite', title: 'Invite', icon: 'invite', load: () => import('./invite/Invite') },
  { path: 'discover', title: 'Discover', icon: 'discover', load: () => import('./discover/Discover') },
  { path: 'connect', title: 'Connect', icon: 'connect', load: () => import('./connect/Connect') },
  { path: 'activity', title: 'Activity', icon: 'activity', load: () => import('./activity/Activity') },
  { path: 'events', title: 'Events', icon: 'events', load: () => import('./events/Events') },
]

export function screenOf(path: string): Screen {
  return SCREENS.find(screen => screen.path === path) ?? SCREENS[0]!
}

export function hasScreen(path: string): boolean {
  return SCREENS.some(screen => screen.path === path)
}
