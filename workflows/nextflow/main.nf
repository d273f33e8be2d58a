// Split the reads of every sample of a sheet into coding and non-coding.
//
// nextflow run workflows/nextflow --input workflows/nextflow/samples.csv [--model DIR] [--outdir results]
include { READSEEKER_SPLIT } from './modules/readseeker/split/main'

workflow {
    samples = channel.fromPath(params.input, checkIfExists: true)
        .splitCsv(header: true)
        .map { row ->
            def reads = [row.reads, row.reads2].findAll { path -> path }.collect { path -> file(path, checkIfExists: true) }
            [row.sample, reads]
        }
        // Two rows with the same sample would overwrite each other's results.
        .groupTuple()
        .map { sample, rows ->
            if (rows.size() > 1) {
                error("${params.input}: sample ${sample} has ${rows.size()} rows: give each row a sample name of its own")
            }
            [[id: sample, single_end: rows[0].size() == 1], rows[0]]
        }
    // The reference of CRAM files. Its index must be beside it.
    reference = params.fasta
        ? [[id: 'reference'], file(params.fasta, checkIfExists: true), file("${params.fasta}.fai", checkIfExists: true)]
        : [[:], [], []]
    // A model other than the built-in one is a directory. Nothing is downloaded in a task.
    model = params.model ? file(params.model, checkIfExists: true) : []

    READSEEKER_SPLIT(samples, reference, model, params.undecided, params.proteins, params.genes)

    channel.topic('versions')
        .unique()
        .map { process, tool, version -> "${process}: ${tool} ${version}" }
        .collectFile(name: 'versions.txt', storeDir: params.outdir, newLine: true)
}
