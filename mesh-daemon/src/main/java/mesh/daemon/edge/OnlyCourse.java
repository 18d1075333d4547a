package mesh.daemon.edge;

import java.util.Map;
import java.util.Optional;
import mesh.core.route.Routes;

/** See {@link Course#only}. */
final class OnlyCourse implements Course, Course.Leg {
    private final Upstream upstream;
    private boolean isTried;

    OnlyCourse(Upstream upstream) {
        this.upstream = upstream;
    }

    @Override
    public Step next() {
        if (isTried) return new Step.Spent();
        isTried = true;
        return new Step.Go(this);
    }

    @Override
    public Optional<Leg> beside() {
        return Optional.empty();
    }

    @Override
    public Optional<Upstream> upstream() {
        return Optional.of(upstream);
    }

    @Override
    public Map<String, String> labels() {
        return Map.of();
    }

    @Override
    public Optional<Turnstile> turnstile() {
        return Optional.empty();
    }

    @Override
    public String caller() {
        return "";
    }

    @Override
    public long patienceMillis() {
        return 0;
    }

    @Override
    public boolean isSilent() {
        return false;
    }

    @Override
    public void answered(long firstByteNanos) {}

    @Override
    public void ended(Routes.Ending ending) {}
}
