package sluicebench.spark.structured;

import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.connector.read.streaming.ContinuousStream;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

import java.util.Map;
import java.util.Set;

/**
 * A data source for {@code readStream}: the harness's events. Its option {@code maxRecordsPerBatch}
 * bounds a batch; 0, the default, is as much as there is. Columns that nobody asks for are not
 * read.
 */
public class EventProvider implements TableProvider {
    static final String MAX_RECORDS = "maxRecordsPerBatch";

    @Override
    public StructType inferSchema(CaseInsensitiveStringMap options) {
        return Input.ofThisProcess().shape.schema;
    }

    @Override
    public Table getTable(
            StructType schema, Transform[] partitioning, Map<String, String> properties) {
        return new EventTable(this, schema);
    }

    /** What reads the input from here on, with these columns; it is there then. */
    MicroBatchStream stream(Input input, StructType columns, long maxRecords) {
        input.open();
        return new EventStream(input, columns, maxRecords);
    }

    private record EventTable(EventProvider provider, StructType schema)
            implements Table, SupportsRead {
        @Override
        public String name() {
            return "events";
        }

        @Override
        public Set<TableCapability> capabilities() {
            return Set.of(TableCapability.MICRO_BATCH_READ, TableCapability.CONTINUOUS_READ);
        }

        @Override
        public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
            return new EventScan(provider, schema, options.getLong(MAX_RECORDS, 0));
        }
    }

    private static final class EventScan
            implements ScanBuilder, SupportsPushDownRequiredColumns, Scan {
        private final EventProvider provider;
        private final long maxRecords;
        private StructType columns;

        EventScan(EventProvider provider, StructType columns, long maxRecords) {
            this.provider = provider;
            this.columns = columns;
            this.maxRecords = maxRecords;
        }

        @Override
        public void pruneColumns(StructType required) {
            columns = required;
        }

        @Override
        public Scan build() {
            return this;
        }

        @Override
        public StructType readSchema() {
            return columns;
        }

        @Override
        public MicroBatchStream toMicroBatchStream(String checkpointLocation) {
            return provider.stream(Input.ofThisProcess(), columns, maxRecords);
        }

        @Override
        public ContinuousStream toContinuousStream(String checkpointLocation) {
            return new EpochStream(Input.ofThisProcess(), columns);
        }
    }
}
