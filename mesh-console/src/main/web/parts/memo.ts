// A component that is drawn again only when something it is given was replaced.

import { Component, h, type ComponentType, type FunctionComponent } from 'preact'

export function memo<Given extends object>(draw: FunctionComponent<Given>): ComponentType<Given> {
  return class extends Component<Given> {
    override shouldComponentUpdate(next: Given) {
      const before = this.props as Record<string, unknown>
      const after = next as Record<string, unknown>
      return Object.keys({ ...before, ...after }).some(key => !same(before[key], after[key]))
    }
    override render() {
      return h(draw as FunctionComponent<object>, this.props)
    }
  }
}

/** A place is the same place when its numbers are. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  const [first, second] = [a as { x?: number; y?: number } | undefined, b as { x?: number; y?: number } | undefined]
  return first?.x !== undefined && first.x === second?.x && first.y === second?.y
}
