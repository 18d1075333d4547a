package mesh.core.member;

/**
 * A rumour in a message, with its age: how long ago its speaker made it, as far as those who carried it can tell. The
 * age is not signed; it informs people and decides nothing. Immutable.
 */
public record Told(Rumor rumor, long ageMillis) {}
