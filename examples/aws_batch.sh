#!/bin/sh
# AWS Batch on this machine: `sweep serve` answers AWS Batch's API, and the `aws` command (pip install awscli) does not know the difference.
# These are the steps of AWS Batch's own introduction.
set -eu
rm -f ready.json
sweep serve --port 0 --ready-file ready.json >exports.sh &
trap 'kill $!' EXIT
until [ -e ready.json ]; do sleep 0.1; done
. ./exports.sh  # the endpoint and a key pair for it, as environment variables

echo '# compute environments, managed and unmanaged'
aws batch create-compute-environment --compute-environment-name workstation --type MANAGED --state ENABLED \
    --compute-resources type=EC2,minvCpus=0,maxvCpus=16,instanceTypes=optimal,subnets=subnet-1,securityGroupIds=sg-1,instanceRole=ecsInstanceRole
aws batch create-compute-environment --compute-environment-name lab --type UNMANAGED --service-role AWSBatchServiceRole \
    --query computeEnvironmentName --output text
until [ "$(aws batch describe-compute-environments --query 'length(computeEnvironments[?status!=`VALID`])')" = 0 ]; do sleep 0.1; done

echo '# queues over them'
for each in simulation-high-priority:500 high-mem-and-cpu:10; do
    aws batch create-job-queue --job-queue-name "${each%:*}" --state ENABLED --priority "${each#*:}" \
        --compute-environment-order order=1,computeEnvironment=workstation --query jobQueueName --output text
done
until [ "$(aws batch describe-job-queues --query 'length(jobQueues[?status!=`VALID`])')" = 0 ]; do sleep 0.1; done
aws batch describe-job-queues --query 'sort_by(jobQueues, &priority)[].[jobQueueName, priority, state, status]' --output text

echo '# job definitions'
needs='{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}'
command='["sh", "-c", "echo variation $AWS_BATCH_JOB_ARRAY_INDEX of $AWS_BATCH_JQ_NAME"]'
for each in sim sim-sensors; do
    aws batch register-job-definition --job-definition-name "$each" --type container \
        --container-properties "{\"image\": \"busybox\", \"command\": $command, \"resourceRequirements\": [$needs]}" \
        --query '[jobDefinitionName, revision]' --output text
done

submit() { aws batch submit-job --query jobId --output text "$@"; }
ended() {  # wait for jobs, and say how they went
    until [ "$(aws batch describe-jobs --jobs "$@" --query 'length(jobs[?status!=`SUCCEEDED` && status!=`FAILED`])')" = 0 ]; do sleep 0.2; done
    aws batch describe-jobs --jobs "$@" --query 'jobs[].[jobName, status, arrayProperties.statusSummary.SUCCEEDED]' --output text
}

echo '# an array job of 300 children'
sim=$(submit --job-name sim-variation-1 --job-definition sim-sensors --job-queue high-mem-and-cpu --array-properties '{"size": 300}')
ended "$sim"
aws batch list-jobs --array-job-id "$sim" --job-status SUCCEEDED --query 'length(jobSummaryList)'
stream=$(aws batch describe-jobs --jobs "$sim:17" --query 'jobs[0].container.logStreamName' --output text)
aws logs get-log-events --log-group-name /aws/batch/job --log-stream-name "$stream" --query 'events[].message' --output text

echo '# one job after another, by option and by JSON'
first=$(submit --job-name first --job-definition sim --job-queue simulation-high-priority)
second=$(submit --job-name second --job-definition sim --job-queue simulation-high-priority --depends-on jobId="$first")
cat >third.json <<END
{"jobName": "third", "jobQueue": "simulation-high-priority", "jobDefinition": "sim", "dependsOn": [{"jobId": "$second"}]}
END
third=$(submit --cli-input-json file://third.json)
ended "$first" "$second" "$third"

echo '# ten children, one after the other'
chain=$(submit --job-name chain --job-definition sim --job-queue simulation-high-priority --array-properties size=10 --depends-on type=SEQUENTIAL)
ended "$chain"

echo '# a model of six jobs: C waits for A and child by child for B, D child by child for C, E and F for all of D'
queue='--job-definition sim --job-queue simulation-high-priority'
A=$(submit --job-name A $queue)
B=$(submit --job-name B $queue --array-properties size=4)
C=$(submit --job-name C $queue --array-properties size=4 --depends-on jobId="$A" jobId="$B",type=N_TO_N)
D=$(submit --job-name D $queue --array-properties size=4 --depends-on jobId="$C",type=N_TO_N)
E=$(submit --job-name E $queue --depends-on jobId="$D")
F=$(submit --job-name F $queue --depends-on jobId="$D")
ended "$A" "$B" "$C" "$D" "$E" "$F"

echo '# and away with it'
for each in simulation-high-priority high-mem-and-cpu; do
    aws batch update-job-queue --job-queue "$each" --state DISABLED --query jobQueueName --output text
    aws batch delete-job-queue --job-queue "$each"
done
aws batch describe-job-queues --query 'jobQueues[].jobQueueName' --output text
