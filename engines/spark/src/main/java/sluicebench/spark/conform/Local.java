package sluicebench.spark.conform;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.apache.spark.sql.SparkSession;

import sluicebench.jvm.conform.Cases;

import java.util.LinkedHashMap;
import java.util.Map;

/** Spark with a local master in this process, and how it reads cases. */
public final class Local {
    private Local() {}

    /** A session with so many threads, and these settings of its own. */
    public static SparkSession session(int parallelism, Map<String, String> settings) {
        Map<String, String> keys = new LinkedHashMap<>(settings);
        keys.put("spark.master", "local[" + parallelism + "]");
        keys.put("spark.default.parallelism", Integer.toString(parallelism));
        keys.put("spark.sql.shuffle.partitions", Integer.toString(parallelism));
        keys.put("spark.log.level", "FATAL");
        keys.put("spark.sql.ansi.enabled", "true");
        keys.put("spark.sql.session.timeZone", "UTC");
        keys.put("spark.ui.enabled", "false");
        keys.put("spark.driver.host", "127.0.0.1");
        keys.put("spark.driver.bindAddress", "127.0.0.1");
        SparkSession.Builder builder = SparkSession.builder().appName("sluicebench");
        keys.forEach(builder::config);
        return builder.getOrCreate();
    }

    public static Cases.Parser parser() {
        ObjectMapper mapper = new ObjectMapper();
        mapper.enable(DeserializationFeature.USE_LONG_FOR_INTS);
        return file -> mapper.readValue(file, Object.class);
    }
}
