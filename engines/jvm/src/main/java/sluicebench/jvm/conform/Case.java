package sluicebench.jvm.conform;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A small stream whose answers are known: the operator that it is about, and what happens. */
public record Case(String name, Parameters spec, List<Item> input) {
    static Case of(Object json) {
        Parameters words = new Parameters((Map<?, ?>) json);
        List<Item> input = new ArrayList<>();
        for (Object item : words.list("input")) {
            input.add(new Item(input.size(), new Parameters((Map<?, ?>) item)));
        }
        return new Case(words.text("name"), words.table("spec"), List.copyOf(input));
    }

    public String op() {
        return spec.text("op");
    }

    /** The input in batches: what ends each is its last item. What no boundary ends is left out. */
    public List<List<Item>> batches() {
        List<List<Item>> batches = new ArrayList<>();
        int from = 0;
        for (Item item : input) {
            if (item.endsBatch()) {
                batches.add(input.subList(from, item.index() + 1));
                from = item.index() + 1;
            }
        }
        return batches;
    }
}
